//! Places that send to us: each delivery again until it is acknowledged, some of them with faults of their own.

use std::{sync::Arc, time::Duration};

use dandelion_networks::{
    egress::Client,
    webhook::{Secret, sign},
};
use dandelion_post::rfc3339;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::replay::{Character, Place, Replay, now, words};

/// How often a place sends what is new.
const EVERY: Duration = Duration::from_secs(3);

/// One place at work.
pub struct Pusher {
    pub places: Arc<Vec<Place>>,
    pub at: usize,
    pub to: String,
    pub secret: Secret,
    pub client: Client,
    pub replay: Replay,
}

impl Pusher {
    /// Sends everything there is to send; ends after the last post is acknowledged.
    pub async fn run(self) {
        let (place, mut sent, mut delivery) = (&self.places[self.at], 0, 0_i64);
        let phase = Duration::from_millis(place.number as u64 * 37 % EVERY.as_millis() as u64);
        tokio::time::sleep(phase).await;
        while sent < place.posts {
            let last = place.written();
            if last > sent {
                let posts: Vec<Value> = (sent + 1..=last).map(|post| self.post(post)).collect();
                let ill = place.character != Character::Healthy && !self.replay.healed();
                delivery += 1;
                self.deliver(delivery, posts, ill).await;
                sent = last;
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    fn post(&self, post: i64) -> Value {
        let id = self.places[self.at].id(post);
        json!({ "id": id.to_string(), "network": "demo", "text": words(id), "created_at": rfc3339(now()),
                "author": { "id": format!("a{}", id % 50_021), "handle": format!("customer_{}", id % 50_021) } })
    }

    async fn deliver(&self, delivery: i64, mut posts: Vec<Value>, ill: bool) {
        let (place, count) = (&self.places[self.at], posts.len() as i64);
        let fault = if ill { delivery % 6 } else { 0 };
        if fault == 1 {
            self.replay.meet("pushed backwards");
            posts.reverse();
        }
        let body = |data: &Value| {
            let whole = json!({ "type": "post.created", "timestamp": Timestamp::now().to_string(), "data": data });
            whole.to_string().into_bytes()
        };
        let whole = body(&Value::Array(posts));
        match fault {
            2 => {
                self.replay.meet("pushed unsigned");
                let status = self.send(&format!("x{delivery}"), whole.clone(), b"something else").await;
                assert!(matches!(status, Some(401 | 429) | None), "what nobody signed is not taken: {status:?}");
            }
            3 => {
                self.replay.meet("pushed garbage");
                let garbage = b"{\"type\": [[[".to_vec();
                self.until_taken(&format!("g{delivery}"), garbage).await;
                place.give(1, 1);
            }
            4 => {
                self.replay.meet("pushed twice");
                self.until_taken(&format!("d{delivery}"), whole.clone()).await;
                place.give(count, 0);
            }
            5 => {
                self.replay.meet("pushed unfit");
                let unfit = json!([{ "id": "9".repeat(2_000), "text": "an id too long" }, { "text": "no id" }]);
                self.until_taken(&format!("u{delivery}"), body(&unfit)).await;
                place.give(2, 2);
            }
            _ => {}
        }
        self.until_taken(&format!("d{delivery}"), whole).await;
        place.give(count, 0);
    }

    async fn until_taken(&self, id: &str, body: Vec<u8>) {
        loop {
            match self.send(id, body.clone(), &body).await {
                Some(200..300) => return,
                Some(429 | 500..) | None => tokio::time::sleep(Duration::from_millis(200)).await,
                Some(status) => panic!("delivery {id} was refused: {status}"),
            }
        }
    }

    async fn send(&self, id: &str, body: Vec<u8>, signed: &[u8]) -> Option<u16> {
        let at = Timestamp::now();
        let (seconds, signature) = (at.as_second().to_string(), sign(id, at, signed, &self.secret));
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id),
            ("webhook-timestamp", seconds.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        self.client.post(&self.to, &headers, body).await.ok().map(|answer| answer.status)
    }
}
