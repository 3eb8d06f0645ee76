//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Whether an address is reachable on the open internet and belongs to nobody's inside.
///
/// Source: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and updates). IPv6 is an
/// allow-list, `2000::/3` less its special blocks, so loopback, link-local, unique-local, v4-mapped,
/// v4-compatible, NAT64 (`64:ff9b::/96`), multicast and whatever is assigned tomorrow are refused alike.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|&(net, bits)| Block::v4(net, bits).holds(v4.into())),
        IpAddr::V6(v6) => {
            Block::v6([0x2000, 0, 0], 3).holds(v6.into())
                && !SPECIAL_V6.iter().any(|&(net, bits)| Block::v6(net, bits).holds(v6.into()))
        }
    }
}

/// What of IPv4 is not public.
const SPECIAL_V4: [([u8; 4], u8); 18] = [
    ([0, 0, 0, 0], 8),       // this network
    ([10, 0, 0, 0], 8),      // private
    ([100, 64, 0, 0], 10),   // carrier-grade NAT
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link-local, cloud metadata
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // protocol assignments
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 31, 196, 0], 24), // AS112
    ([192, 52, 193, 0], 24), // AMT
    ([192, 88, 99, 0], 24),  // 6to4 relays
    ([192, 168, 0, 0], 16),  // private
    ([192, 175, 48, 0], 24), // AS112
    ([198, 18, 0, 0], 15),   // benchmarking
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 4),     // multicast
    ([240, 0, 0, 0], 4),     // reserved, broadcast
];

/// What of `2000::/3` is not public: the first three groups and the length of the prefix.
const SPECIAL_V6: [([u16; 3], u8); 5] = [
    ([0x2001, 0, 0], 23),           // protocol assignments: Teredo, benchmarking, ORCHID
    ([0x2001, 0x0db8, 0], 32),      // documentation
    ([0x2002, 0, 0], 16),           // 6to4: carries any IPv4 address
    ([0x2620, 0x004f, 0x8000], 48), // AS112
    ([0x3fff, 0, 0], 20),           // documentation
];

/// A network prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    first: IpAddr,
    bits: u8,
}

impl Block {
    fn v4(first: [u8; 4], bits: u8) -> Self {
        Self { first: IpAddr::V4(first.into()), bits }
    }

    fn v6(first: [u16; 3], bits: u8) -> Self {
        Self { first: IpAddr::V6(Ipv6Addr::new(first[0], first[1], first[2], 0, 0, 0, 0, 0)), bits }
    }

    fn holds(self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(net), IpAddr::V4(a)) => same_prefix(spread(net), spread(a), self.bits),
            (IpAddr::V6(net), IpAddr::V6(a)) => same_prefix(net.to_bits(), a.to_bits(), self.bits),
            _ => false,
        }
    }
}

fn spread(v4: Ipv4Addr) -> u128 {
    u128::from(v4.to_bits()) << 96
}

fn same_prefix(a: u128, b: u128, bits: u8) -> bool {
    bits == 0 || (a ^ b) >> (128 - u32::from(bits.min(128))) == 0
}

/// An exception to "public addresses only", for tests and for a company's own servers.
///
/// Written `127.0.0.1`, `10.1.0.0/16`, `[::1]:8080`, `127.0.0.1:8080`, `intranet.example` or
/// `intranet.example:8443`. Without a port every port is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    what: What,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Net(Block),
    Host(String),
}

/// Why an exception cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no address: write an address (127.0.0.1), a network (10.1.0.0/16) or a host name, each with `:port` if only one port is meant"
)]
pub struct AllowedError(String);

impl Allowed {
    /// The one port meant, or every port.
    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether this exception lets `address` through when it was reached by the name `host`. Ports are the caller's.
    pub(super) fn lets(&self, host: &str, address: IpAddr) -> bool {
        match &self.what {
            What::Net(block) => block.holds(address) || block.holds(address.to_canonical()),
            What::Host(name) => host.trim_end_matches('.').eq_ignore_ascii_case(name),
        }
    }
}

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        let bad = || AllowedError(text.chars().take(80).collect());
        let text = text.trim();
        if let Ok(socket) = text.parse::<SocketAddr>() {
            let bits = if socket.is_ipv4() { 32 } else { 128 };
            return Ok(Self { what: What::Net(Block { first: socket.ip(), bits }), port: Some(socket.port()) });
        }
        if let Some((net, bits)) = text.split_once('/') {
            let first: IpAddr = net.parse().map_err(|_| bad())?;
            let most = if first.is_ipv4() { 32 } else { 128 };
            let bits = bits.parse().ok().filter(|&b| b <= most).ok_or_else(bad)?;
            return Ok(Self { what: What::Net(Block { first, bits }), port: None });
        }
        if let Ok(first) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            let bits = if first.is_ipv4() { 32 } else { 128 };
            return Ok(Self { what: What::Net(Block { first, bits }), port: None });
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().map_err(|_| bad())?)),
            None => (text, None),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let fits =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if fits { Ok(Self { what: What::Host(name), port }) } else { Err(bad()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn every_special_range_is_refused_at_both_ends() {
        let ranges = [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "239.255.255.255"),
            ("240.0.0.0", "255.255.255.255"),
            ("::", "::1"),
            ("::7f00:1", "::ffff:ffff"),
            ("::ffff:0:0", "::ffff:255.255.255.255"),
            ("64:ff9b::", "64:ff9b::ffff:ffff"),
            ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
            ("100::", "100::ffff:ffff:ffff:ffff"),
            ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"),
            ("2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ];
        for (first, last) in ranges {
            assert!(!public(first), "{first} must be refused");
            assert!(!public(last), "{last} must be refused");
        }
    }

    #[test]
    fn neighbours_of_special_ranges_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
            "2a00::1",
            "3ffe:ffff::1",
            "3fff:1000::1",
        ] {
            assert!(public(address), "{address} is public");
        }
    }

    #[test]
    fn exceptions_are_read_and_kept_narrow() {
        let lets = |rule: &str, host: &str, ip: &str| rule.parse::<Allowed>().unwrap().lets(host, ip.parse().unwrap());
        assert!(lets("127.0.0.1:80", "127.0.0.1", "127.0.0.1"));
        assert!(lets("127.0.0.1", "x", "::ffff:127.0.0.1"));
        assert!(!lets("127.0.0.1", "x", "127.0.0.2"));
        assert!(lets("10.1.0.0/16", "x", "10.1.255.1"));
        assert!(!lets("10.1.0.0/16", "x", "10.2.0.1"));
        assert!(lets("[::1]:8080", "::1", "::1"));
        assert!(lets("Intra.Example", "intra.example.", "10.0.0.1"));
        assert!(!lets("intra.example", "evil.example", "10.0.0.1"));
        for bad in ["", "10.0.0.0/33", "a b", "x:y", "http://x"] {
            assert!(bad.parse::<Allowed>().is_err(), "{bad} should be refused");
        }
    }
}
