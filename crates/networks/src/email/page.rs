//! What is new in a mailbox: everything above the highest UID that was read. The UIDs hold as long as the folder keeps
//! its UIDVALIDITY (RFC 9051 §2.3.1.1); where that changes, the last days are read again and known mails count as known.

use std::{future::Future, time::Duration};

use async_imap::types::Fetch;
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    mail,
    place::{self, Mailbox},
    session::{self, Reading, trouble},
};
use crate::contract::{Access, Heard, Item, Page, Stream, Trouble, Wait};

/// Mails of a page at most, and the newest ones a mailbox is begun with.
const MOST: usize = 50;
/// Bytes of one mail that are fetched: words stand at its beginning, what is attached behind them.
const EACH: u32 = 1024 * 1024;
/// Bytes of a page, a little more where the last mail is long.
const ALL: u64 = 8 * 1024 * 1024;
/// Bytes that one session may bring.
const SESSION: usize = 24 * 1024 * 1024;
/// How long IDLE is left alone: servers may end it after half an hour, and routers forget a silent connection sooner.
const IDLE: Duration = Duration::from_mins(9);

/// Where reading goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    validity: u32,
    uid: u32,
    /// The last day read.
    day: Option<Date>,
}

/// A mail that is there, not fetched yet.
#[derive(Debug, Clone, Copy)]
struct There {
    uid: u32,
    size: u32,
    received: Option<Timestamp>,
}

pub(super) async fn page(access: &Access, cursor: &Value) -> Result<Page, Trouble> {
    let mailbox = place::mailbox(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let before: Option<Cursor> = serde_json::from_value(cursor.clone()).ok().filter(|_| cursor.is_object());
    in_time(access, 2, async {
        let mut session = session::open(access, &mailbox, SESSION).await?;
        let page = read(&mut session, &mailbox, before, access.now).await?;
        let _ = session.logout().await;
        Ok(page)
    })
    .await
}

/// Ends what takes longer than `times` the deadline for an answer from outside.
pub(super) async fn in_time<T>(
    access: &Access,
    times: u32,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let deadline = access.client.rules().deadline * times;
    tokio::time::timeout(deadline, work).await.unwrap_or_else(|_| {
        let why = format!("the mail server did not finish within {} s; it is asked again", deadline.as_secs_f32());
        Err(Trouble::passing(why))
    })
}

async fn read(
    session: &mut Reading,
    mailbox: &Mailbox,
    before: Option<Cursor>,
    now: Timestamp,
) -> Result<Page, Trouble> {
    let folder = session.examine(&mailbox.folder).await.map_err(trouble)?;
    let validity = folder.uid_validity.ok_or_else(|| {
        Trouble::wrong(format!(
            "the folder {} has no lasting numbers, so it cannot be read without doubling",
            mailbox.folder
        ))
    })?;
    let mut cursor = match &before {
        Some(before) if before.validity == validity => before.clone(),
        _ => Cursor { validity, uid: 0, day: before.as_ref().and_then(|before| before.day) },
    };
    let anew = cursor.uid == 0;
    let mut there = match cursor.day.filter(|_| anew) {
        Some(day) => since(session, day).await?,
        None if anew => newest(session, folder.exists).await?,
        None => above(session, cursor.uid, folder.uid_next).await?,
    };
    there.sort_unstable_by_key(|mail| mail.uid);
    there.dedup_by_key(|mail| mail.uid);
    let found = there.len();
    let taken = portion(&there);
    let items = fetch(session, &there[..taken]).await?;
    let last = there[..taken].last().map(|mail| mail.uid);
    // A mailbox that is empty is begun with the next mail that comes.
    let begun = folder.uid_next.map_or(0, |next| next.saturating_sub(1));
    cursor.uid = last.unwrap_or(if anew { begun } else { cursor.uid }).max(cursor.uid);
    cursor.day = Some(TimeZone::UTC.to_datetime(now).date());
    let wait = if taken < found { Wait::More } else { Wait::Usual };
    let cursor = serde_json::to_value(&cursor).unwrap_or_default();
    Ok(Page { items, cursor, wait, title: Some(mailbox.address.clone()), ..Page::default() })
}

/// How many of these fit on a page.
fn portion(there: &[There]) -> usize {
    let mut bytes = 0;
    let fits = |mail: &&There| {
        let before = bytes;
        bytes += u64::from(mail.size.min(EACH));
        before < ALL
    };
    there.iter().take(MOST).take_while(fits).count()
}

async fn newest(session: &mut Reading, exists: u32) -> Result<Vec<There>, Trouble> {
    if exists == 0 {
        return Ok(Vec::new());
    }
    let from = exists.saturating_sub(MOST as u32 - 1).max(1);
    let listed = session.fetch(format!("{from}:{exists}"), WHAT).await.map_err(trouble)?;
    listed.map_ok(there).try_collect::<Vec<_>>().await.map(|all| all.into_iter().flatten().collect()).map_err(trouble)
}

async fn above(session: &mut Reading, uid: u32, next: Option<u32>) -> Result<Vec<There>, Trouble> {
    if next.is_some_and(|next| next <= uid.saturating_add(1)) {
        return Ok(Vec::new());
    }
    // `n:*` always holds the last mail, also where it is older than n.
    list(session, &format!("{}:*", uid.saturating_add(1))).await.map(|mut all| {
        all.retain(|mail| mail.uid > uid);
        all
    })
}

/// Everything of the last days: a day earlier than was read, because days begin elsewhere at other times.
async fn since(session: &mut Reading, day: Date) -> Result<Vec<There>, Trouble> {
    let day = day.checked_sub(Span::new().days(1)).unwrap_or(day);
    let found = session.uid_search(format!("SINCE {}", day.strftime("%d-%b-%Y"))).await.map_err(trouble)?;
    match found.iter().min() {
        None => Ok(Vec::new()),
        Some(first) => list(session, &format!("{first}:*")).await,
    }
}

const WHAT: &str = "(UID RFC822.SIZE INTERNALDATE)";

async fn list(session: &mut Reading, set: &str) -> Result<Vec<There>, Trouble> {
    let listed = session.uid_fetch(set, WHAT).await.map_err(trouble)?;
    listed.map_ok(there).try_collect::<Vec<_>>().await.map(|all| all.into_iter().flatten().collect()).map_err(trouble)
}

fn there(listed: Fetch) -> Option<There> {
    let received = listed.internal_date().and_then(|at| Timestamp::from_second(at.timestamp()).ok());
    Some(There { uid: listed.uid?, size: listed.size.unwrap_or(EACH), received })
}

/// The mails themselves, in the order asked for; one that is gone meanwhile is left out.
async fn fetch(session: &mut Reading, wanted: &[There]) -> Result<Vec<Item>, Trouble> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let set = wanted.iter().map(|mail| mail.uid.to_string()).collect::<Vec<_>>().join(",");
    // PEEK: what we read stays unread for the people of this mailbox.
    let mut fetched = session.uid_fetch(set, format!("(UID BODY.PEEK[]<0.{EACH}>)")).await.map_err(trouble)?;
    let mut items = Vec::new();
    while let Some(mail) = fetched.next().await {
        let mail = mail.map_err(trouble)?;
        let (Some(uid), Some(bytes)) = (mail.uid, mail.body()) else { continue };
        let Some(at) = wanted.iter().position(|wanted| wanted.uid == uid) else { continue };
        items.push((at, mail::post(bytes, wanted[at].received)));
    }
    items.sort_by_key(|(at, _)| *at);
    Ok(items.into_iter().map(|(_, item)| item).collect())
}

/// Opens the bell: IDLE (RFC 2177).
pub(super) async fn listen(access: &Access) -> Result<Stream, Trouble> {
    let mailbox = place::mailbox(access).map_err(|refusal| Trouble::wrong(refusal.to_string()))?;
    let session = in_time(access, 1, async {
        let mut session = session::open(access, &mailbox, SESSION).await?;
        if !session.capabilities().await.map_err(trouble)?.has_str("IDLE") {
            return Err(Trouble::wrong("this mail server has no IDLE; it is asked now and then instead"));
        }
        session.examine(&mailbox.folder).await.map_err(trouble)?;
        Ok(session)
    })
    .await?;
    let access = access.clone();
    Ok(Stream::of(futures_util::stream::unfold(Some(session), move |session| {
        let access = access.clone();
        async move {
            match ring(&access, session?).await {
                Ok((heard, session)) => Some((Ok(heard), Some(session))),
                Err(trouble) => Some((Err(trouble), None)),
            }
        }
    })))
}

async fn ring(access: &Access, session: Reading) -> Result<(Heard, Reading), Trouble> {
    use async_imap::extensions::idle::IdleResponse;
    let mut idle = session.idle();
    in_time(access, 1, async { idle.init().await.map_err(trouble) }).await?;
    let (waiting, _stop) = idle.wait_with_timeout(IDLE);
    let heard = match waiting.await.map_err(trouble)? {
        IdleResponse::NewData(_) => Heard::Ring,
        IdleResponse::Timeout | IdleResponse::ManualInterrupt => Heard::Nothing,
    };
    let session = in_time(access, 1, async { idle.done().await.map_err(trouble) }).await?;
    Ok((heard, session))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_bounded_in_mails_and_bytes() {
        let mails =
            |count: u32, size: u32| (1..=count).map(|uid| There { uid, size, received: None }).collect::<Vec<_>>();
        assert_eq!(portion(&mails(200, 1000)), 50);
        assert_eq!(portion(&mails(200, 600 * 1024)), 14);
        assert_eq!(portion(&mails(3, u32::MAX)), 3, "of a huge mail only the beginning is fetched");
        assert_eq!(portion(&[]), 0);
    }
}
