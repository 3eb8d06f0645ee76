//! How fast Jetstream's frames are read and filtered: `cargo run --release -p dandelion-networks --example jetstream`.
//!
//! Frames are made here after the documented samples of both kinds, in the mix that the network shows (likes, reposts and
//! follows with one post in eight), read from memory on one core, and compared with merely parsing each into a
//! `serde_json::Value` in the same run.

use std::time::Instant;

use dandelion_networks::bluesky::{Filter, News};
use serde_json::{Value, json};

const FRAMES: usize = 200_000;
const US: &str = "did:plc:z72i7hdynmk6r22z27h6tvur";
const WORDS: &str =
    "Third kettle in a month and it leaks again 😡 does anybody know how to reach a person there? #kettle";

fn main() {
    let frames: Vec<String> = (0..FRAMES).map(frame).collect();
    let bytes: usize = frames.iter().map(String::len).sum();
    let begun = Instant::now();
    let values =
        frames.iter().filter(|frame| serde_json::from_str::<Value>(frame).is_ok_and(|v| v.is_object())).count();
    let value_s = begun.elapsed().as_secs_f64();
    assert_eq!(values, FRAMES, "every frame is JSON");
    let filter = Filter::about(US);
    let mut told = [0_usize; 2];
    let begun = Instant::now();
    for frame in &frames {
        match filter.read(frame) {
            News::Post(_) => told[0] += 1,
            News::Gone(..) => told[1] += 1,
            News::Nothing => {}
            News::End(why) => panic!("{why}"),
        }
    }
    let taken = begun.elapsed().as_secs_f64();
    let due = [(0..FRAMES).filter(|n| concerns(*n)).count(), (0..FRAMES).filter(|n| n % 50 == 1).count()];
    assert_eq!(told, due, "every post that concerns us is found, and nothing else");
    let words = Filter::words("kettle leaks");
    let begun = Instant::now();
    let found = frames.iter().filter(|frame| matches!(words.read(frame), News::Post(_))).count();
    let words_s = begun.elapsed().as_secs_f64();
    let rate = |seconds: f64| (FRAMES as f64 / seconds).round();
    println!(
        "{}",
        json!({ "events_per_s": rate(taken), "words_per_s": rate(words_s), "value_per_s": rate(value_s), "frames": FRAMES,
                "bytes_a_frame": bytes / FRAMES, "about_us": told[0], "with_words": found })
    );
}

fn concerns(number: usize) -> bool {
    number.is_multiple_of(1_000)
}

/// One frame, of the first kind or the second.
fn frame(number: usize) -> String {
    let did = format!("did:plc:{:a>24}", base32(number));
    let (operation, collection, record) = if number % 50 == 1 {
        ("delete", "app.bsky.feed.post", Value::Null)
    } else if number.is_multiple_of(8) {
        ("create", "app.bsky.feed.post", post(number))
    } else if number % 8 == 3 {
        let record =
            json!({ "$type": "app.bsky.graph.follow", "subject": did, "createdAt": "2024-09-09T19:46:02.102Z" });
        ("create", "app.bsky.graph.follow", record)
    } else {
        let subject = json!({ "cid": "bafyreidc6sydkkbchcyg62v77wbhzvb2mvytlmsychqgwf2xojjtirmzj4",
            "uri": "at://did:plc:wa7b35aakoll7hugkrjtf3xf/app.bsky.feed.post/3l3pte3p2e325" });
        let record =
            json!({ "$type": "app.bsky.feed.like", "createdAt": "2024-09-09T19:46:02.102Z", "subject": subject });
        ("create", "app.bsky.feed.like", record)
    };
    let mut commit = json!({ "rev": "3l3qo2vutsw2b", "operation": operation, "collection": collection, "rkey": "3l3qo2vuowo2b",
        "cid": "bafyreidwaivazkwu67xztlmuobx35hs2lnfh3kolmgfmucldvhd3sgzcqi" });
    if !record.is_null() {
        commit["record"] = record;
    }
    if number.is_multiple_of(2) {
        json!({ "did": did, "time_us": 1_725_911_162_329_308_u64, "cursor": number, "kind": "commit", "commit": commit }).to_string()
    } else {
        let mut payload = json!({ "$type": "network.bsky.jetstream.subscribeEvents#commit", "seq": number, "did": did,
            "time": "2024-09-09T19:46:02.329308Z" });
        if let (Value::Object(all), Value::Object(commit)) = (&mut payload, commit) {
            all.extend(commit);
        }
        json!({ "$type": "message", "payload": payload }).to_string()
    }
}

/// A post with a link and a tag; now and then it names us, or answers somebody.
fn post(number: usize) -> Value {
    let who = if concerns(number) { US } else { "did:plc:wa7b35aakoll7hugkrjtf3xf" };
    let at = "at://did:plc:wa7b35aakoll7hugkrjtf3xf/app.bsky.feed.post/3l3pte3p2e325";
    let reference = json!({ "cid": "bafyreidc6sydkkbchcyg62v77wbhzvb2mvytlmsychqgwf2xojjtirmzj4", "uri": at });
    json!({ "$type": "app.bsky.feed.post", "text": WORDS, "createdAt": "2024-09-09T19:46:02.102Z", "langs": ["en"],
        "facets": [{ "index": { "byteStart": 0, "byteEnd": 5 }, "features": [{ "$type": "app.bsky.richtext.facet#mention", "did": who }] },
                   { "index": { "byteStart": 90, "byteEnd": 97 }, "features": [{ "$type": "app.bsky.richtext.facet#tag", "tag": "kettle" }] }],
        "reply": { "root": reference, "parent": reference } })
}

fn base32(mut number: usize) -> String {
    let mut text = String::new();
    while number > 0 {
        text.insert(0, char::from(b"abcdefghijklmnopqrstuvwxyz234567"[number % 32]));
        number /= 32;
    }
    text
}
