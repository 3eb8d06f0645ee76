//! The value of a field, and what becomes of it.

/// What stands behind the colon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'t> {
    /// Without quotes.
    pub text: &'t str,
    pub quoted: bool,
}

/// What a field becomes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// Ours, and meaning the same.
    Same(String),
    /// Ours, and meaning nearly the same.
    Nearly(String, String),
    /// Nothing.
    Lost(String),
}

impl Carried {
    pub(super) fn lost(reason: &str) -> Self {
        Self::Lost(reason.to_owned())
    }
}

impl Value<'_> {
    /// `field:value`, in quotes where it has to be.
    pub(super) fn of(&self, field: &str) -> Carried {
        Carried::Same(format!("{field}:{}", quoted(self.text)))
    }

    /// `true`, `yes`, `1` keep the property, others turn it.
    pub(super) fn flag(&self, property: &str) -> Carried {
        match self.text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Carried::Same(property.to_owned()),
            "false" | "no" | "0" => Carried::Same(format!("NOT {property}")),
            other => Carried::Lost(format!("`{other}` is neither true nor false")),
        }
    }

    /// `5`, `>5`, `5..10`, `[5 TO 10]`, `[5 TO *]`; a bare number means `bare` (`>=` or nothing).
    pub(super) fn number(&self, field: &str, bare: &str) -> Carried {
        let text = self.text.trim();
        let inner = text.strip_prefix(['[', '{']).and_then(|it| it.strip_suffix([']', '}']));
        let range = inner.and_then(|it| it.split_once(" TO "));
        if let Some((from, to)) = range {
            let side = |it: &str| if it.trim() == "*" { String::new() } else { it.trim().to_owned() };
            return Carried::Same(format!("{field}:{}..{}", side(from), side(to)));
        }
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        Carried::Same(format!("{field}:{}{text}", if digits { bare } else { "" }))
    }

    /// A country: two letters, or three that are well known.
    pub(super) fn country(&self) -> Carried {
        let lower = self.text.to_ascii_lowercase();
        let two = if lower.len() == 2 {
            Some(lower.as_str())
        } else {
            COUNTRIES.iter().find(|(three, name, _)| *three == lower || *name == lower).map(|it| it.2)
        };
        match two {
            Some(two) => Carried::Same(format!("country:{}", two.to_ascii_uppercase())),
            None => Carried::Lost("write the country's two letters, as in `country:SE`".into()),
        }
    }

    /// The address of the post itself: we know it by its host.
    pub(super) fn own_address(&self) -> Carried {
        let bare = self.text.split_once("://").map_or(self.text, |(_, rest)| rest);
        let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
        let host = host.trim_matches('*').trim_matches('.');
        if host.is_empty() || host.contains('*') {
            return Carried::lost("posts are found by the host of their address, as in `site:example.com`");
        }
        let ours = format!("site:{host}");
        if path.trim_matches('*').is_empty() {
            return Carried::Same(ours);
        }
        Carried::Nearly(ours, "posts are found by the host of their address; the path was left out".into())
    }

    /// An address that the post links to.
    pub(super) fn linked_address(&self) -> Carried {
        if self.text.trim_start_matches('*').len() < self.text.len() || self.text.trim_end_matches('*').contains('*') {
            return Carried::lost("`link:` finds addresses by their beginning; a `*` elsewhere is not offered");
        }
        Carried::Same(format!("link:\"{}\"", self.text.trim_end_matches('*')))
    }

    /// A network by the name other tools give it.
    pub(super) fn network(&self) -> Carried {
        let lower = self.text.to_ascii_lowercase();
        let name = lower.trim_start_matches("socialmedia_").trim_start_matches("socialmedia-");
        let ours = match name {
            "twitter" => "x",
            "forum" | "forums" | "blog" | "blogs" | "news" | "review" | "reviews" | "broadcast" | "print" => {
                return Carried::lost("it is a sort of source, not a network; name your sources with `source:`");
            }
            other => other,
        };
        Carried::Same(format!("network:{}", quoted(ours)))
    }
}

/// A value of ours: in quotes unless it is letters and digits.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '*' | '-' | ':' | '/');
    if text.chars().all(plain) && !text.starts_with('-') { text.to_owned() } else { format!("\"{text}\"") }
}

/// Codes of three letters, names, codes of two letters (ISO 3166-1).
const COUNTRIES: &[(&str, &str, &str)] = &[
    ("arg", "argentina", "ar"),
    ("aus", "australia", "au"),
    ("aut", "austria", "at"),
    ("bel", "belgium", "be"),
    ("bra", "brazil", "br"),
    ("can", "canada", "ca"),
    ("che", "switzerland", "ch"),
    ("chl", "chile", "cl"),
    ("chn", "china", "cn"),
    ("col", "colombia", "co"),
    ("cze", "czechia", "cz"),
    ("deu", "germany", "de"),
    ("dnk", "denmark", "dk"),
    ("egy", "egypt", "eg"),
    ("esp", "spain", "es"),
    ("fin", "finland", "fi"),
    ("fra", "france", "fr"),
    ("gbr", "united kingdom", "gb"),
    ("grc", "greece", "gr"),
    ("hkg", "hong kong", "hk"),
    ("hrv", "croatia", "hr"),
    ("hun", "hungary", "hu"),
    ("idn", "indonesia", "id"),
    ("ind", "india", "in"),
    ("irl", "ireland", "ie"),
    ("isr", "israel", "il"),
    ("ita", "italy", "it"),
    ("jpn", "japan", "jp"),
    ("ken", "kenya", "ke"),
    ("kor", "south korea", "kr"),
    ("mex", "mexico", "mx"),
    ("mys", "malaysia", "my"),
    ("nga", "nigeria", "ng"),
    ("nld", "netherlands", "nl"),
    ("nor", "norway", "no"),
    ("nzl", "new zealand", "nz"),
    ("pak", "pakistan", "pk"),
    ("per", "peru", "pe"),
    ("phl", "philippines", "ph"),
    ("pol", "poland", "pl"),
    ("prt", "portugal", "pt"),
    ("rou", "romania", "ro"),
    ("sau", "saudi arabia", "sa"),
    ("sgp", "singapore", "sg"),
    ("srb", "serbia", "rs"),
    ("svk", "slovakia", "sk"),
    ("svn", "slovenia", "si"),
    ("swe", "sweden", "se"),
    ("tha", "thailand", "th"),
    ("tur", "turkey", "tr"),
    ("twn", "taiwan", "tw"),
    ("ukr", "ukraine", "ua"),
    ("are", "united arab emirates", "ae"),
    ("usa", "united states", "us"),
    ("vnm", "vietnam", "vn"),
    ("zaf", "south africa", "za"),
];
