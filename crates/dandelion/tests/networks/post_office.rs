//! Dovecot and OpenSMTPD, as one mail server on loopback: the customer writes by LMTP, we read by IMAP and send by SMTP.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use dandelion_networks::contract::Credentials;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// Our address there, and the customer's.
pub const CARE: &str = "care@hub.test";
pub const ANA: &str = "ana@hub.test";

pub struct PostOffice {
    folder: PathBuf,
    smtpd: Child,
    pub imap: u16,
    pub smtp: u16,
    lmtp: u16,
    password: Mutex<String>,
    mails: Mutex<usize>,
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        for pid in
            [fs::read_to_string(self.folder.join("run/master.pid")).unwrap_or_default(), self.smtpd.id().to_string()]
        {
            let _ = Command::new("kill").arg(pid.trim()).stderr(Stdio::null()).status();
        }
        let _ = self.smtpd.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl PostOffice {
    /// Starts both, with no more secured connections than `tls` says: (certificate, key).
    pub async fn open(tls: Option<(&Path, &Path)>) -> Self {
        let (imap, lmtp, smtp) = (super::peer::free_port(), super::peer::free_port(), super::peer::free_port());
        let folder = std::env::temp_dir().join(format!("dandelion-mail-{imap}"));
        for part in ["run", "state", "mail"] {
            fs::create_dir_all(folder.join(part)).expect("a folder");
        }
        run(Command::new("chown").arg("nobody:nogroup").arg(folder.join("mail")));
        fs::write(folder.join("users"), "care:secret\n").expect("a file");
        fs::write(folder.join("dovecot.conf"), dovecot(&folder, imap, lmtp, tls)).expect("a file");
        fs::write(folder.join("smtpd.conf"), smtpd(lmtp, smtp)).expect("a file");
        let log = || fs::File::create(folder.join("out")).expect("a file");
        let mut daemon = Command::new("dovecot");
        run(daemon.arg("-c").arg(folder.join("dovecot.conf")).stdout(log()).stderr(log()));
        let smtpd = one_at_a_time(&folder, smtp).await;
        let (password, mails) = (Mutex::new("secret".to_owned()), Mutex::default());
        let office = Self { folder, smtpd, imap, smtp, lmtp, password, mails };
        for port in [imap, lmtp, smtp] {
            up(port).await;
        }
        office
    }

    pub fn credentials(&self) -> Credentials {
        Credentials::none().with("password", self.password.lock().expect("the password").clone())
    }

    /// Somebody writes to us, and it lies in the mailbox when this returns; its id.
    pub async fn deliver(&self, from: &str, more: &str, text: &str) -> String {
        let id = {
            let mut mails = self.mails.lock().expect("the mails");
            *mails += 1;
            format!("m{}.{}@hub.test", *mails, self.imap)
        };
        let mail = format!(
            "From: {from}\r\nTo: {CARE}\r\nMessage-ID: <{id}>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n{more}\r\n{text}\r\n.\r\n"
        );
        let mut lines = BufReader::new(TcpStream::connect(("127.0.0.1", self.lmtp)).await.expect("LMTP"));
        answered(&mut lines, "220").await;
        for (said, expected) in [
            ("LHLO hub.test\r\n".to_owned(), "250"),
            (format!("MAIL FROM:<{from}>\r\n"), "250"),
            (format!("RCPT TO:<{CARE}>\r\n"), "250"),
            ("DATA\r\n".to_owned(), "354"),
            (mail, "250"),
            ("QUIT\r\n".to_owned(), "221"),
        ] {
            lines.get_mut().write_all(said.as_bytes()).await.expect("LMTP");
            answered(&mut lines, expected).await;
        }
        id
    }

    /// Nobody gets in with the old password any more.
    pub async fn change_password(&self) {
        {
            let mut password = self.password.lock().expect("the password");
            password.push('2');
            fs::write(self.folder.join("users"), format!("care:{password}\n")).expect("a file");
        }
        // Dovecot looks at the file again a second later.
        tokio::time::sleep(Duration::from_millis(1200)).await;
    }

    /// Whether whoever signed in last did so over TLS, as the server wrote down.
    pub fn secured(&self) -> bool {
        let log = fs::read_to_string(self.folder.join("dovecot.log")).unwrap_or_default();
        let signed_in = log.lines().rfind(|line| line.contains("imap-login: Info: Login:"));
        signed_in.is_some_and(|line| line.contains("TLS"))
    }

    /// The folder's numbers begin anew, as after a restore from a backup.
    pub fn forget_numbers(&self) {
        for entry in fs::read_dir(self.folder.join("mail/care")).expect("a mailbox").flatten() {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// The mails that came to somebody with these words in them. What is on its way comes in a moment.
    pub async fn received(&self, who: &str, words: &str) -> Vec<String> {
        let mut found = Vec::new();
        for turn in 0..30 {
            let before = found.len();
            found = self.lying(who, words);
            if turn > 3 && !found.is_empty() && found.len() == before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        found
    }

    fn lying(&self, who: &str, words: &str) -> Vec<String> {
        let mailbox = self.folder.join("mail").join(who.split('@').next().unwrap_or(who));
        let of = |part: &str| fs::read_dir(mailbox.join(part)).into_iter().flatten().flatten();
        let read = |entry: fs::DirEntry| fs::read_to_string(entry.path()).ok();
        of("new").chain(of("cur")).filter_map(read).filter(|mail| mail.contains(words)).collect()
    }
}

/// OpenSMTPD has one control socket on a machine: another one that runs is waited for.
async fn one_at_a_time(folder: &Path, port: u16) -> Child {
    for _ in 0..120 {
        let log = fs::File::create(folder.join("smtpd.log")).expect("a file");
        let mut command = Command::new("smtpd");
        command.args(["-d", "-f"]).arg(folder.join("smtpd.conf")).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().expect("OpenSMTPD");
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return child;
            }
            if child.try_wait().expect("a process").is_some() {
                break;
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("OpenSMTPD does not come up: {}", fs::read_to_string(folder.join("smtpd.log")).unwrap_or_default());
}

async fn answered(lines: &mut BufReader<TcpStream>, expected: &str) {
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).await.expect("an answer");
        assert!(line.starts_with(expected), "{line}");
        if line.as_bytes().get(3) != Some(&b'-') {
            return;
        }
    }
}

async fn up(port: u16) {
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the mail server at {port} does not come up");
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}");
}

fn smtpd(lmtp: u16, smtp: u16) -> String {
    format!(
        "listen on 127.0.0.1 port {smtp} hostname mail.hub.test\n\
         action \"in\" lmtp \"127.0.0.1:{lmtp}\" rcpt-to virtual {{ \"@\" = \"nobody\" }}\n\
         match from any for domain \"hub.test\" action \"in\"\n\
         match from any for any reject\n"
    )
}

fn dovecot(folder: &Path, imap: u16, lmtp: u16, tls: Option<(&Path, &Path)>) -> String {
    let at = folder.display();
    let ssl = match tls {
        Some((certificate, key)) => {
            format!("ssl = yes\nssl_cert = <{}\nssl_key = <{}", certificate.display(), key.display())
        }
        None => "ssl = no".to_owned(),
    };
    format!(
        "base_dir = {at}/run\nstate_dir = {at}/state\nlog_path = {at}/dovecot.log\nprotocols = imap lmtp\n\
         listen = 127.0.0.1\n{ssl}\ndisable_plaintext_auth = no\nauth_mechanisms = plain login\nauth_failure_delay = 0\n\
         mail_location = maildir:{at}/mail/%n\nfirst_valid_uid = 1\ndefault_login_user = dovenull\n\
         default_internal_user = dovecot\nmail_max_userip_connections = 100\n\
         passdb {{\n driver = passwd-file\n args = scheme=PLAIN username_format=%n {at}/users\n}}\n\
         userdb {{\n driver = static\n args = uid=nobody gid=nogroup home={at}/mail/%n allow_all_users=yes\n}}\n\
         namespace inbox {{\n inbox = yes\n}}\n\
         service imap-login {{\n inet_listener imap {{\n address = 127.0.0.1\n port = {imap}\n }}\n inet_listener imaps {{\n port = 0\n }}\n}}\n\
         service lmtp {{\n user = root\n inet_listener lmtp {{\n address = 127.0.0.1\n port = {lmtp}\n }}\n}}\n\
         protocol lmtp {{\n auth_username_format = %Ln\n}}\nservice stats {{\n client_limit = 100\n}}\n\
         service anvil {{\n unix_listener anvil-auth-penalty {{\n mode = 0\n }}\n}}\n"
    )
}
