//! What is kept beside the words of a mail ([`super::mail`] writes it into `extra`), read back.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Machine;

/// What a mail quotes, how it is signed, and which machine wrote it where no person did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Beside {
    /// The older mails it quotes, with the lines that introduce them; empty where it quotes none.
    pub quoted: String,
    /// Its signature; empty where it has none.
    pub signature: String,
    /// Which machine wrote it.
    pub automatic: Option<Automatic>,
}

/// A mail that a machine wrote or passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Automatic {
    /// Which kind of machine.
    pub kind: Machine,
    /// The header by which it is known, `Auto-Submitted: auto-replied`.
    pub why: String,
    /// Of a bounce: who could not be reached, and what their server said.
    pub told: String,
}

impl Automatic {
    /// For people: what it is, and whether there is anybody to answer.
    pub fn words(&self) -> String {
        let nobody = if self.kind.answerable() { "" } else { ": nobody is answered" };
        format!("{}{nobody}", self.kind.words())
    }
}

impl Beside {
    /// Reads it back. Whatever else stands there, or stands there in another form, says nothing.
    pub fn of(extra: &Map<String, Value>) -> Self {
        let text = |name: &str| extra.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { quoted: text("quoted"), signature: text("signature"), automatic: automatic(extra) }
    }

    /// Whether a person stands behind the mail, so that it can be answered.
    pub fn answerable(&self) -> bool {
        self.automatic.as_ref().is_none_or(|automatic| automatic.kind.answerable())
    }

    /// Everything in it that somebody wrote, to be masked.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let told = self.automatic.as_mut().map(|automatic| [&mut automatic.told, &mut automatic.why]);
        [&mut self.quoted, &mut self.signature].into_iter().chain(told.into_iter().flatten())
    }
}

fn automatic(extra: &Map<String, Value>) -> Option<Automatic> {
    let known = extra.get("automatic")?;
    let kind = known.get("kind")?.as_str()?.parse().ok()?;
    let why = known.get("why").and_then(Value::as_str).unwrap_or_default().to_owned();
    let part = |name: &str| extra.get("bounce").and_then(|bounce| bounce.get(name)).and_then(Value::as_str);
    let told = match (part("recipient"), part("why")) {
        (Some(whom), Some(said)) => format!("{whom}: {said}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    };
    Some(Automatic { kind, why, told })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(extra: Value) -> Beside {
        Beside::of(extra.as_object().unwrap())
    }

    #[test]
    fn what_a_mail_brought_is_read_back() {
        let mail = "From: a@x.example\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nI am away.\r\n-- \r\nAna\r\n\r\n\
            On 1.1. Care wrote:\r\n> Which one?\r\n";
        let beside = Beside::of(&super::super::post(mail.as_bytes(), None).unwrap().extra);
        assert_eq!(
            (beside.quoted.as_str(), beside.signature.as_str()),
            ("On 1.1. Care wrote:\n> Which one?", "-- \nAna")
        );
        assert!(!beside.answerable());
        let automatic = beside.automatic.unwrap();
        assert_eq!(automatic.words(), "Automatic reply: nobody is answered");
        assert_eq!(automatic.why, "Auto-Submitted: auto-replied");
    }

    #[test]
    fn every_kind_is_told_and_only_a_list_is_answered() {
        for kind in Machine::ALL {
            let beside = of(json!({ "automatic": { "kind": kind.as_str(), "why": "List-Id: x" } }));
            assert_eq!(beside.answerable(), kind == Machine::List, "{kind:?}");
            assert_eq!(beside.automatic.unwrap().words().ends_with("nobody is answered"), kind != Machine::List);
        }
        let bounce =
            of(json!({ "automatic": { "kind": "bounce" }, "bounce": { "recipient": "a@x", "why": "426 full" } }));
        assert_eq!(bounce.automatic.unwrap().told, "a@x: 426 full");
    }

    #[test]
    fn what_others_put_there_says_nothing() {
        for odd in [
            json!({}),
            json!({ "quoted": 7, "signature": ["x"], "automatic": true }),
            json!({ "automatic": { "kind": "robot" } }),
        ] {
            assert_eq!(of(odd), Beside::default());
        }
    }
}
