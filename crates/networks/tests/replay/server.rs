//! A server that answers as a network does, and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use dandelion_networks::{
    About,
    contract::{Access, Credentials, Item, Page, Place, Trouble, Wait},
    egress::{Client, Egress},
    networks,
    outgoing::{Outgoing, testing::loopback},
};
use dandelion_post::Post;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// One answer.
pub struct Say(pub u16, pub Vec<(&'static str, String)>, pub String);

impl Say {
    pub fn json(value: &Value) -> Self {
        Self(200, Vec::new(), value.to_string())
    }

    pub fn status(status: u16, value: &Value) -> Self {
        Self(status, Vec::new(), value.to_string())
    }

    /// Takes the request and never answers.
    pub fn nothing() -> Self {
        Self(0, Vec::new(), String::new())
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.1.push((name, value.to_string()));
        self
    }
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn parameter(&self, name: &str) -> &str {
        self.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

pub struct Replay {
    pub about: &'static About,
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Replay {
    /// Plays `network` by these answers.
    pub async fn of(network: &str, answer: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (asked, answer) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::new(answer));
        let seen = asked.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (seen, answer) = (seen.clone(), answer.clone());
                tokio::spawn(async move { serve(client, &seen, answer.as_ref()).await });
            }
        });
        Self { about: networks::find(network).expect("a network"), address, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the requests").clone()
    }

    pub fn place(&self, settings: &Value, secrets: &[(&str, &str)]) -> Access {
        let settings = settings.as_object().cloned().unwrap_or_default();
        let credentials = secrets.iter().fold(Credentials::none(), |all, (name, secret)| all.with(name, *secret));
        let place = Place { url: self.address.clone(), settings, credentials };
        self.about.connector.check(&place).expect("a place");
        Access::new(loopback(), place, "2026-03-02T09:00:00Z".parse().expect("a moment"))
    }

    pub async fn page(&self, us: &Access, cursor: &Value) -> Result<Page, Trouble> {
        self.about.connector.page(us, cursor).await
    }

    /// Everything there is from a cursor on; the posts, and the last page's cursor.
    pub async fn all(&self, us: &Access, from: &Value) -> (Vec<Post>, Value) {
        let (mut posts, mut cursor) = (Vec::new(), from.clone());
        for _ in 0..40 {
            let page = self.page(us, &cursor).await.expect("a page");
            posts.extend(page.items.into_iter().map(|item| item.expect("a post")));
            cursor = page.cursor;
            if page.wait != Wait::More {
                return (posts, cursor);
            }
        }
        panic!("it never ends");
    }
}

pub fn reply(key: &str, text: &str, to: &str) -> Outgoing {
    Outgoing { key: key.into(), handle: "@care".into(), text: text.into(), in_reply_to: Some(to.into()) }
}

/// A way out that waits for nobody longer than a moment.
pub fn impatient() -> Client {
    let allow_private = vec!["127.0.0.1".parse().expect("an address")];
    let brief = Duration::from_millis(300);
    Client::new(Egress { allow_private, deadline: brief, ..Egress::default() }).expect("a client")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |all, byte| format!("{all}{byte:02x}"))
}

/// One line for an item: what became of it, and a digest of the whole post, so that a field that is lost or read
/// otherwise is noticed.
pub fn line(item: &Item) -> String {
    use sha2::{Digest as _, Sha256};
    match item {
        Err(refused) => format!("refused: {}", refused.refusal),
        Ok(post) => {
            let digest = Sha256::digest(serde_json::to_string(post).expect("JSON"));
            let digest = hex(&digest[..6]);
            let state = match (post.deleted_at, post.edited_at) {
                (Some(_), _) => "deleted",
                (_, Some(_)) => "edited",
                _ => "said",
            };
            let who = post.author.as_ref().and_then(|author| author.handle.clone().or_else(|| author.name.clone()));
            let words = post.title.clone().unwrap_or_else(|| post.text.clone());
            let words: String = words.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let to = post.in_reply_to.as_deref().unwrap_or("-");
            format!("{state} {} by {} to {to} “{words}” {digest}", post.id, who.unwrap_or_default())
        }
    }
}

async fn serve(
    mut client: TcpStream,
    seen: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(&Asked) -> Say + Send + Sync),
) -> Option<()> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break at;
        }
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let first: Vec<&str> = lines.next()?.split(' ').collect();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(head + 4);
    let have = body.len();
    body.resize(have.max(length), 0);
    client.read_exact(&mut body[have..]).await.ok()?;
    let url = url::Url::parse(&format!("http://x{}", first.get(1)?)).ok()?;
    let asked = Asked {
        method: (*first.first()?).to_owned(),
        path: url.path().to_owned(),
        query: url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let Say(status, more, said) = answer(&asked);
    seen.lock().expect("the requests").push(asked);
    if status == 0 {
        // Until the other side has had enough.
        let _ = client.read_u8().await;
        return None;
    }
    let more = more.iter().fold(String::new(), |all, (name, value)| format!("{all}{name}: {value}\r\n"));
    let answer = format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n{said}",
        said.len()
    );
    client.write_all(answer.as_bytes()).await.ok()?;
    client.shutdown().await.ok()
}
