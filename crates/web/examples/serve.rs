//! Serves a data directory on loopback, for trying the API: `cargo run -p dandelion-web --example serve -- DIR [PORT]`.
//!
//! An empty directory gets the sample organisation, its queries, a webhook and a few posts. Prints the address and an
//! API token of the first administrator, each on a line of its own; tools that try the whole API read them.

use std::path::Path;

use dandelion_hub::{
    Db, Hub,
    intake::{self, Item},
    log::Actor,
    member::{self, api_token},
    query,
    scope::Role,
    source::{self, Kind, NewSource},
    unit,
};
use dandelion_post::{Author, Post};
use dandelion_web::{App, Config, serve};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome {
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::WARN).init();
    let mut given = std::env::args().skip(1);
    let dir = given.next().ok_or("give a data directory")?;
    let port: u16 = given.next().map_or(Ok(7380), |port| port.parse())?;
    let hub = Hub::new(Db::open(Path::new(&dir), None).await?);
    if member::all(&hub.db).await?.is_empty() {
        fill(&hub).await?;
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let address = format!("http://{}/", listener.local_addr()?);
    println!("{address}\n{}", token(&hub).await?);
    let app = App::new(hub.clone(), Config::new(address.parse()?));
    serve(listener, app, async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await?;
    hub.db.close().await;
    Ok(())
}

async fn fill(hub: &Hub) -> Outcome {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dandelion/sample");
    let by = || Actor::System("example");
    unit::import(hub, by(), &std::fs::read_to_string(sample.join("org.toml"))?).await?;
    let queries = dandelion_listen::queries::read(&std::fs::read_to_string(sample.join("queries.toml"))?)?;
    query::import(hub, by(), &queries).await?;
    let new = NewSource {
        key: "shop".into(),
        name: "Shop".into(),
        kind: Kind::Webhook,
        network: "demo".into(),
        unit: None,
        url: None,
    };
    let source = source::add_as(hub, by(), &new).await?;
    source::add_secret_as(hub, by(), source.id).await?;
    let names: Vec<String> =
        unit::Org::load(&hub.db).await?.products.iter().map(|product| product.name.clone()).collect();
    let posts = (0..60).map(|number| {
        let name = &names[number % names.len()];
        let author = Author { handle: Some(format!("customer{}", number % 25)), ..Author::default() };
        let text = match number % 3 {
            0 => format!("My {name} is leaking and smells of burning, this is dangerous!"),
            1 => format!("How do I descale the {name}?"),
            _ => format!("Thank you for the repair of my {name}, works like new"),
        };
        Item::post(
            format!("post {number}"),
            Post { id: number.to_string(), text, author: Some(author), ..Post::default() },
        )
    });
    let mut items: Vec<Item> = posts.collect();
    let nothing = Post { id: "wordless".into(), ..Post::default() };
    items.push(Item::post("post 60", nothing));
    intake::receive(hub, source.id, items).await?;
    Ok(())
}

/// A token that may do everything its member, the first administrator, may.
async fn token(hub: &Hub) -> Outcome<String> {
    for member in member::all(&hub.db).await? {
        if member.roles.values().any(|role| *role == Role::Admin) && member.disabled_at.is_none() {
            let viewer = member::viewer(hub, member.id).await?;
            let scopes = api_token::Scope::ALL.into();
            return Ok(api_token::make(hub, &viewer, "serve example", Role::Admin, scopes, Some(1)).await?.0);
        }
    }
    Err("the organisation has no administrator".into())
}
