//! One JSON object a line.

use std::io::{self, BufRead};

use dandelion_post::{Post, Refusal};
use serde_json::Value;

use super::lines::{Line, Lines};
use super::mapping::{Mapping, normalise_kinds, normalise_times};
use super::{Item, MAX_ROW, Place, UsageError, as_text};

pub(super) struct Rows {
    lines: Lines,
    mapping: Mapping,
}

impl Rows {
    pub(super) fn open(input: Box<dyn BufRead + Send>, mapping: &Mapping, from: Place) -> Result<Self, UsageError> {
        let mut lines = Lines::open(input)?;
        check_first(&mut lines, mapping)?;
        lines.skip_to(from)?;
        Ok(Self { lines, mapping: mapping.clone() })
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Item>> {
        loop {
            let Some(line) = self.lines.next()? else { return Ok(None) };
            if line.overlong.is_none() && line.bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            return Ok(Some(self.item(&line)));
        }
    }

    fn item(&self, line: &Line) -> Item {
        let result = match line.overlong {
            Some(length) => {
                let reason = format!("the row is {length} bytes long; at most {MAX_ROW} are taken");
                Err((Refusal::new("row", reason, ""), String::from_utf8_lossy(&line.bytes).into_owned()))
            }
            None => as_text(&line.bytes)
                .and_then(|text| post(text, &self.mapping).map_err(|refusal| (refusal, text.to_owned()))),
        };
        Item { line: line.number, offset: line.end, result }
    }
}

/// One object as a post. What is exactly ours is read at once; other spellings of times and numbers take the longer way.
pub(crate) fn post(text: &str, mapping: &Mapping) -> Result<Post, Refusal> {
    if mapping.is_empty()
        && let Ok(post) = serde_json::from_str::<Post>(text)
    {
        post.check()?;
        return Ok(post);
    }
    let value: Value = serde_json::from_str(text).map_err(|error| Refusal::of_json(&error, text))?;
    from_value(value, mapping)
}

/// One JSON value as a post.
pub(crate) fn from_value(value: Value, mapping: &Mapping) -> Result<Post, Refusal> {
    let Value::Object(mut object) = value else {
        return Err(Refusal::new(
            "json",
            "is no object; a post is written {\"id\": …, \"text\": …}",
            &value.to_string(),
        ));
    };
    mapping.apply(&mut object);
    normalise_kinds(&mut object);
    normalise_times(&mut object)?;
    let post: Post = serde_json::from_value(Value::Object(object)).map_err(|error| Refusal::of_json(&error, ""))?;
    post.check()?;
    Ok(post)
}

/// A mapping whose id or text is in no column would refuse every row; better to say so once.
fn check_first(lines: &mut Lines, mapping: &Mapping) -> Result<(), UsageError> {
    if mapping.is_empty() {
        return Ok(());
    }
    let Some(first) = lines.next()? else { return Ok(()) };
    let object: Option<serde_json::Map<String, Value>> = serde_json::from_slice(&first.bytes).ok();
    lines.give_back(vec![first]);
    if let Some(object) = object {
        let columns = object.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        mapping.check_object(&object, &columns)?;
    }
    Ok(())
}
