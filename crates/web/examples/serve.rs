//! Serves a data directory on loopback: `cargo run -p dandelion-web --example serve -- DIR [PORT]`.

use dandelion_hub::{Db, Hub};
use dandelion_web::{App, Config, serve};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::INFO).init();
    let mut given = std::env::args().skip(1);
    let dir = given.next().ok_or("give a data directory")?;
    let port: u16 = given.next().map_or(Ok(7380), |port| port.parse())?;
    let hub = Hub::new(Db::open(std::path::Path::new(&dir), None).await?);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    let address = format!("http://{}/", listener.local_addr()?);
    println!("{address}");
    let app = App::new(hub.clone(), Config::new(address.parse()?));
    serve(listener, app, async {
        let _ = tokio::signal::ctrl_c().await;
    })
    .await?;
    hub.db.close().await;
    Ok(())
}
