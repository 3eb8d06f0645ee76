//! A reply as the API tells it, with its steps, attempts and changes.

use dandelion_hub::reply;

use crate::api::shape::{Moment, shape, words};

words!(
    /// Where a reply stands.
    ReplyState = reply::State {
        /// Being written.
        Draft,
        /// Waiting for an approver.
        Submitted,
        /// An approver wants it different.
        Changes,
        /// This very wording may be sent.
        Approved,
        /// An approver said no, for good.
        Rejected,
        /// Nobody decided, or nobody sent it, in time.
        Expired,
        /// Taken back or put away before anything was published.
        Cancelled,
        /// On its way.
        Queued,
        /// Being handed to the network right now.
        Sending,
        /// The network confirmed it, or a person found it there.
        Sent,
        /// The network will not have it; nothing was published.
        Failed,
        /// It may have been published or not; a person has to look.
        Unknown,
    }
);

shape!(
    /// A reply of ours.
    Reply from reply::Reply {
        /// Its number.
        id: i64,
        /// The case it answers.
        case_id: i64,
        /// The unit that owns the case now.
        unit_id: i64,
        /// The post it answers, where it answers one.
        post_id: Option<i64>,
        /// The account of ours that speaks.
        handle_id: i64,
        /// How that account is called.
        handle: String,
        /// Where it speaks.
        network: String,
        /// Who wrote it first.
        member_id: i64,
        /// Their name.
        author: String,
        /// The words.
        text: String,
        /// Where it stands.
        state: ReplyState,
        /// Counts the wordings; an approval is for exactly one.
        version: i64,
        /// The unit whose approvers were asked.
        approval_unit_id: Option<i64>,
        /// First drafted.
        created_at: Moment,
        /// Last change of state.
        changed_at: Moment,
        /// Until then a queued reply can be taken back.
        send_after: Option<Moment>,
        /// Since when a restored one waits for a person.
        held_at: Option<Moment>,
        /// Attempts made with the current key.
        attempts: i64,
        /// When the next attempt is due.
        next_attempt_at: Option<Moment>,
        /// When it was confirmed.
        sent_at: Option<Moment>,
        /// The network's id of what was published.
        remote_id: Option<String>,
        /// Where it can be read.
        remote_url: Option<String>,
        /// What went wrong last, in words.
        error: Option<String>,
        /// When its words were changed last, where it is out.
        edited_at: Option<Moment>,
        /// When it was taken back from where it was out.
        deleted_at: Option<Moment>,
        /// What is being done to it where it is out.
        changing: Option<ChangeKind>,
        /// Why the last change of it was given up, in words, where it was.
        change_error: Option<String>,
    }
);

words!(
    /// What is done to words that are out.
    ChangeKind = reply::Kind {
        /// They are replaced.
        Edit,
        /// They are taken back.
        Delete,
    }
);

shape!(
    /// A change of what is out.
    ReplyChange from reply::Change {
        /// Its number.
        id: i64,
        /// What is done.
        kind: ChangeKind,
        /// The new words; of a deletion, why.
        words: String,
        /// The words before.
        was: String,
        /// Who asked for it.
        by_id: i64,
        /// Their name.
        by: String,
        /// When.
        asked_at: Moment,
        /// How often it was tried.
        attempts: i64,
        /// When it is tried next; absent once it is settled.
        next_attempt_at: Option<Moment>,
        /// When the network confirmed it.
        done_at: Option<Moment>,
        /// When it was given up.
        failed_at: Option<Moment>,
        /// What went wrong last, in words.
        error: Option<String>,
    }
);

shape!(
    /// One change of state of a reply.
    ReplyStep from reply::Step {
        /// What the reply became.
        state: ReplyState,
        /// The wording it concerned.
        version: i64,
        /// Who did it; nobody where the program did.
        by_id: Option<i64>,
        /// Their name.
        by: Option<String>,
        /// When.
        at: Moment,
        /// Why, in words.
        reason: String,
    }
);

shape!(
    /// One attempt to publish a reply.
    ReplyAttempt from reply::Attempt {
        /// Counts up within the reply.
        number: i64,
        /// When the intent was committed.
        started_at: Moment,
        /// When the answer was; absent while it is under way.
        finished_at: Option<Moment>,
        /// `sent`, `refused`, `later` or `unknown`.
        result: Option<String>,
        /// In words.
        detail: Option<String>,
    }
);
