//! What the networks publish, beside the repository.

use std::path::{Path, PathBuf};

use serde_json::Value;

pub fn fixture(path: &str) -> PathBuf {
    let root = std::env::var_os("DANDELION_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let found = root.join("fixtures").join(path);
    assert!(found.exists(), "{} is not there: set DANDELION_SHARED to the shared folder", found.display());
    found
}

pub fn json(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(path)).expect("a file")).expect("JSON")
}

/// An object in the shape of an OpenAPI schema: its example where it has one, else something of the right kind, with the
/// name in it so that what is lost is noticed.
pub fn sample(schema: &Value, name: &str, root: &Value) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(path) = schema["$ref"].as_str() {
        return sample(root.pointer(path.trim_start_matches('#')).unwrap_or(&Value::Null), name, root);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "integer" => 7.into(),
        "number" => 1.5.into(),
        "boolean" => true.into(),
        "array" => Value::Array(vec![sample(&schema["items"], name, root)]),
        "string" if name.ends_with("_at") => "2026-03-02T08:00:00.000Z".into(),
        "string" => format!("some {name}").into(),
        _ => {
            let properties = schema["properties"].as_object();
            properties.into_iter().flatten().map(|(name, schema)| (name.clone(), sample(schema, name, root))).collect()
        }
    }
}
