//! A listener that answers with the [router](crate::router).

use std::{convert::Infallible, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use crate::{App, router};

/// Longest a client may take to send its headers.
const HEADERS: Duration = Duration::from_secs(15);
/// Largest headers, in bytes.
const HEADER_BYTES: usize = 64 * 1024;
/// How many headers.
const HEADER_COUNT: usize = 100;
/// Connections open at once; more wait in the listener's queue.
const CONNECTIONS: usize = 4096;
/// How long requests in flight may take to finish once shutting down.
const GRACE: Duration = Duration::from_secs(10);

/// Answers requests on `listener` until `shutdown` is done; then takes no more, ends live updates, and lets requests
/// in flight finish for at most ten seconds.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()> + Send) -> std::io::Result<()> {
    let router = router(app.clone());
    let graceful = GracefulShutdown::new();
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let place = tokio::select! {
            () = &mut shutdown => break,
            place = places.clone().acquire_owned() => place,
        };
        let (stream, from) = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Too many open files and the like: others may finish meanwhile.
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let answered = graceful.watch(connection(stream, from, router.clone()));
        tokio::spawn(async move {
            if let Err(error) = answered.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(place);
        });
    }
    drop(listener);
    app.live.close();
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in {} s and were given up", GRACE.as_secs());
    }
    Ok(())
}

type Service = TowerToHyperService<
    tower::util::BoxCloneService<hyper::Request<hyper::body::Incoming>, axum::response::Response, Infallible>,
>;

fn connection(
    stream: TcpStream,
    from: std::net::SocketAddr,
    router: Router,
) -> hyper::server::conn::http1::Connection<TokioIo<TcpStream>, Service> {
    let _ = stream.set_nodelay(true); // only costs a little speed where it is refused
    let service = tower::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(from));
        router.clone().oneshot(request.map(axum::body::Body::new))
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADER_COUNT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service.boxed_clone()))
}
