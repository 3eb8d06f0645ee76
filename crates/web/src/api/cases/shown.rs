//! What the API shows of a case.

use dandelion_hub::case;
use dandelion_networks::email;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{
    outcomes::Outcome,
    shape::{Moment, Named, Shape, shape, words},
};

words!(
    /// Where a case stands.
    State = case::State {
        /// Somebody waits for us.
        Open,
        /// It is the customer's turn.
        Waiting,
        /// Put aside.
        Snoozed,
        /// Closed.
        Resolved,
        /// Became part of another case.
        Merged,
    }
);

shape!(
    /// A case as the inbox lists it.
    CaseLine from case::CaseRow {
        /// Its number.
        id: i64,
        /// Counts up with every change.
        version: i64,
        /// Where it stands.
        state: State,
        /// First words, as a heading.
        title: String,
        /// Who owns it.
        unit: Named,
        /// Who works on it.
        assignee: Option<Named>,
        /// Whose matter it is.
        author: Option<Author>,
        /// Where it was said.
        network: String,
        /// Judged language.
        language: Option<String>,
        /// Judged sentiment.
        sentiment: Option<String>,
        /// Judged intents.
        intents: Vec<String>,
        /// Judged risks.
        risks: Vec<String>,
        /// Product keys.
        products: Vec<String>,
        /// Topic keys.
        topics: Vec<String>,
        /// 0 to 3.
        urgency: i64,
        /// The visible sum; none where nothing is known.
        influence: Option<i64>,
        /// Why it is with this unit, in words.
        route: String,
        /// When it was opened.
        opened_at: Moment,
        /// Newest post of anybody.
        last_post_at: Moment,
        /// Since when the customer waits; none when it is their turn.
        asked_at: Option<Moment>,
        /// How often they asked since our last answer.
        asks: i64,
        /// Our first answer.
        first_reply_at: Option<Moment>,
        /// The next promise.
        due_at: Option<Moment>,
        /// Which one: `first_response`, `next_response`, `resolution`, `acceptance`.
        due_kind: Option<String>,
        /// Whether that promise is broken already.
        late: bool,
        /// Put aside until then.
        snoozed_until: Option<Moment>,
        /// When it was closed.
        closed_at: Option<Moment>,
        /// Kind of the resolution that holds.
        resolution: Option<String>,
        /// When the customer said that it is so.
        confirmed_at: Option<Moment>,
        /// Whether something was posted since the caller last looked.
        unread: bool,
        /// The handoff on offer, if any.
        offer: Option<Offer>,
        /// Replies in it that wait for an approval.
        approvals: i64,
        /// Replies in it of which nobody knows whether they were published.
        unknown: i64,
        /// The customer's newest words that still stand.
        words: Option<Words>,
    }
);

shape!(
    /// An account on a network. Unknown numbers are null, never 0.
    Author from case::AuthorCard {
        /// Its number.
        id: i64,
        /// Network.
        network: String,
        /// The name people type.
        handle: Option<String>,
        /// The name shown.
        name: Option<String>,
        /// Address of the profile.
        url: Option<String>,
        /// Followers.
        followers: Option<i64>,
        /// Whether the network vouches for it.
        verified: Option<bool>,
        /// Whether it is an account of ours.
        ours: bool,
    }
);

shape!(
    /// A handoff that waits for an answer.
    Offer from case::OfferCard {
        /// Its number.
        id: i64,
        /// To whom.
        to: Named,
        /// Why.
        reason: String,
        /// Since when.
        offered_at: Moment,
        /// When it goes back by itself.
        expires_at: Option<Moment>,
    }
);

shape!(
    /// Words of a post.
    Words from case::Words {
        /// The post.
        post: i64,
        /// Its title.
        title: Option<String>,
        /// Its text.
        text: String,
        /// When it was posted.
        at: Moment,
    }
);

shape!(
    /// How many cases lie where.
    Counts from case::Counts {
        /// Waiting for us.
        waiting: i64,
        /// Waiting for us, and late already.
        late: i64,
        /// Offered to us.
        offered: i64,
        /// Assigned to the caller.
        mine: i64,
        /// Waiting for the caller's approval.
        approve: i64,
        /// Told to a unit of the caller.
        watching: i64,
        /// Put aside.
        snoozed: i64,
        /// Each unit the caller sees.
        units: Vec<UnitCounts>,
    }
);

shape!(
    /// The numbers of one unit.
    UnitCounts from case::UnitCounts {
        /// Which.
        unit: Named,
        /// Waiting for it.
        waiting: i64,
        /// Of these, late.
        late: i64,
        /// Offered to it.
        offered: i64,
        /// Put aside in it.
        snoozed: i64,
    }
);

shape!(
    /// A case with everything around it.
    Case from case::CasePage {
        /// As in the list.
        case: CaseLine,
        /// What happened, oldest first; of the posts the newest 200.
        entries: Vec<Entry>,
        /// Older posts that are not in `entries`.
        earlier: i64,
        /// The newest analysis of each customer post in `entries`.
        analyses: Vec<Analysis>,
        /// The same author's other cases, newest first, as far as the caller may see them.
        others: Vec<OtherCase>,
        /// Units that were told.
        watches: Vec<Watch>,
        /// Promises, newest first.
        targets: Vec<Target>,
        /// What came of it.
        outcomes: Vec<Outcome>,
        /// What the caller may do here.
        may: May,
    }
);

shape!(
    /// What a model version said of a post.
    Analysis from case::PostAnalysis {
        /// The post.
        post: i64,
        /// Model version.
        version: String,
        /// When.
        at: Moment,
        /// Language, sentiment, intents, urgency, risks, products and topics with scores and reasons, and the influence sum.
        body: serde_json::Value,
    }
);

shape!(
    /// Another case of the same author.
    OtherCase from case::OtherCase {
        /// Its number.
        id: i64,
        /// Heading.
        title: String,
        /// Where it stands.
        state: State,
        /// Who owns it.
        unit: Named,
        /// Opened.
        opened_at: Moment,
        /// Kind of its resolution, while it holds.
        resolution: Option<String>,
        /// When the customer confirmed it.
        confirmed_at: Option<Moment>,
    }
);

shape!(
    /// A unit that was told.
    Watch from case::WatchCard {
        /// Which.
        unit: Named,
        /// Why.
        reason: String,
        /// Since when.
        at: Moment,
    }
);

shape!(
    /// A promise of time.
    Target from case::TargetCard {
        /// Its number.
        id: i64,
        /// `first_response`, `next_response`, `resolution`, `acceptance`.
        kind: String,
        /// Whose promise.
        unit: Named,
        /// When it began.
        started_at: Moment,
        /// When it is due.
        due_at: Moment,
        /// Kept.
        met_at: Option<Moment>,
        /// Broken (it may still be kept late).
        missed_at: Option<Moment>,
        /// No longer counts.
        cancelled_at: Option<Moment>,
    }
);

shape!(
    /// What the caller may do with a case.
    May from case::May {
        /// Take, note, hand off, draft, send, resolve, snooze, correct.
        work: bool,
        /// Assign to others.
        assign: bool,
        /// Accept or bounce the handoff on offer.
        answer_offer: bool,
        /// Take the offer back.
        withdraw_offer: bool,
    }
);

/// One line of the conversation; which one says `entry`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "entry", rename_all = "lowercase")]
pub(crate) enum Entry {
    /// Public words.
    Post(EntryPost),
    /// Words among ourselves.
    Note(EntryNote),
    /// Somebody took it, gave it, or let go of it.
    Assignment(EntryAssignment),
    /// A move to another unit.
    Handoff(EntryHandoff),
    /// A reply of ours.
    Reply(EntryReply),
    /// Put aside.
    Snooze(EntrySnooze),
    /// A closing, and what became of it.
    Resolution(EntryResolution),
    /// A person corrected a judgement.
    Correction(EntryCorrection),
}

impl Shape<Entry> for case::Entry {
    fn shape(self) -> Entry {
        match self {
            Self::Post(entry) => Entry::Post((*entry).shape()),
            Self::Note(entry) => Entry::Note(entry.shape()),
            Self::Assignment(entry) => Entry::Assignment(entry.shape()),
            Self::Handoff(entry) => Entry::Handoff(entry.shape()),
            Self::Reply(entry) => Entry::Reply(entry.shape()),
            Self::Snooze(entry) => Entry::Snooze(entry.shape()),
            Self::Resolution(entry) => Entry::Resolution(entry.shape()),
            Self::Correction(entry) => Entry::Correction(entry.shape()),
        }
    }
}

shape!(
    /// A post of one of the case's threads.
    EntryPost from case::ThreadPost {
        /// Its number.
        id: i64,
        /// Who said it.
        author: Option<Author>,
        /// Whether it is ours.
        ours: bool,
        /// Its network.
        network: String,
        /// Its address there.
        url: Option<String>,
        /// Title, where it has one.
        title: Option<String>,
        /// Its words; empty when it was deleted.
        text: String,
        /// When it was posted.
        at: Moment,
        /// When we got it.
        received_at: Moment,
        /// When it was last edited, as far as known.
        edited_at: Option<Moment>,
        /// When it was deleted; its words are not shown any more.
        deleted_at: Option<Moment>,
        /// How many other wordings of it there were.
        revisions: i64,
        /// Likes, where known.
        likes: Option<i64>,
        /// Shares, where known.
        shares: Option<i64>,
        /// Views, where known.
        views: Option<i64>,
        /// Links, as the network gave them.
        links: serde_json::Value,
        /// Pictures and the like, as the network gave them.
        media: serde_json::Value,
        /// Of a mail: what is kept beside its words.
        mail: Option<Box<Mail>>,
    }
);

shape!(
    /// What is kept beside the words of a mail.
    Mail from email::Beside {
        /// The older mails it quotes; empty where it quotes none.
        quoted: String,
        /// Its signature; empty where it has none.
        signature: String,
        /// Which machine wrote it, where no person did.
        automatic: Option<Automatic>,
    }
);

shape!(
    /// A mail that a machine wrote or passed on. Only what a `list` passed on can be answered.
    Automatic from email::Automatic {
        /// `bounce`, `report`, `vacation`, `receipt`, `list`, `bulk` or `notice`.
        kind: String,
        /// The header by which it is known.
        why: String,
        /// Of a bounce: who could not be reached, and what their server said.
        told: String,
    }
);

impl Shape<String> for email::Machine {
    fn shape(self) -> String {
        self.as_str().to_owned()
    }
}

shape!(
    /// A note.
    EntryNote from case::NoteEntry {
        /// Its number.
        id: i64,
        /// By whom.
        by: Named,
        /// Words.
        text: String,
        /// When.
        at: Moment,
        /// Who was called by it.
        pings: Vec<Ping>,
    }
);

shape!(
    /// A colleague called in a note.
    Ping from case::PingEntry {
        /// Whom.
        member: Named,
        /// When they looked.
        seen_at: Option<Moment>,
    }
);

shape!(
    /// A change of who works on it.
    EntryAssignment from case::AssignmentEntry {
        /// Its number.
        id: i64,
        /// To whom; none: nobody any more.
        to: Option<Named>,
        /// By whom; none: by the program.
        by: Option<Named>,
        /// When.
        at: Moment,
    }
);

shape!(
    /// A move to another unit, from offer to answer.
    EntryHandoff from case::HandoffEntry {
        /// Its number.
        id: i64,
        /// From.
        from: Named,
        /// To.
        to: Named,
        /// `offered`, `accepted`, `bounced`, `withdrawn` or `expired`.
        state: String,
        /// Why it was offered.
        reason: String,
        /// By whom.
        offered_by: Option<Named>,
        /// When.
        offered_at: Moment,
        /// When it goes back by itself.
        expires_at: Option<Moment>,
        /// Who answered.
        decided_by: Option<Named>,
        /// When.
        decided_at: Option<Moment>,
        /// What they said.
        decision: Option<String>,
    }
);

shape!(
    /// A reply of ours, from draft on.
    EntryReply from case::ReplyEntry {
        /// Its number.
        id: i64,
        /// Its state.
        state: String,
        /// Who wrote it.
        by: Named,
        /// The handle it is spoken from.
        handle: Named,
        /// The post it answers.
        post: Option<i64>,
        /// Its words.
        text: String,
        /// Version of the words.
        version: i64,
        /// When it was begun.
        created_at: Moment,
        /// Until when it can be called back.
        send_after: Option<Moment>,
        /// Restored from a backup: a person decides.
        held_at: Option<Moment>,
        /// When the network confirmed it.
        sent_at: Option<Moment>,
        /// Its address there.
        remote_url: Option<String>,
        /// What went wrong last.
        error: Option<String>,
        /// Every change of state.
        steps: Vec<Step>,
    }
);

shape!(
    /// One change of a reply's state.
    Step from case::ReplyStep {
        /// Into which.
        state: String,
        /// By whom; none: by the program.
        by: Option<Named>,
        /// When.
        at: Moment,
        /// Why.
        reason: String,
    }
);

shape!(
    /// Put aside, and what ended it.
    EntrySnooze from case::SnoozeEntry {
        /// Its number.
        id: i64,
        /// By whom.
        by: Option<Named>,
        /// When.
        at: Moment,
        /// Until when.
        until: Moment,
        /// When it ended.
        ended_at: Option<Moment>,
        /// What ended it.
        ended_why: Option<String>,
    }
);

shape!(
    /// A closing, and what became of it.
    EntryResolution from case::ResolutionEntry {
        /// Its number.
        id: i64,
        /// By whom.
        by: Option<Named>,
        /// When.
        at: Moment,
        /// `fixed`, `answered`, `no-answer-needed`, `not-ours`, `spam`, `duplicate`.
        kind: String,
        /// Why, in words.
        why: String,
        /// The post that shows it.
        evidence_post: Option<i64>,
        /// When the customer confirmed it.
        confirmed_at: Option<Moment>,
        /// With which post.
        confirmed_by_post: Option<i64>,
        /// When it turned out not to hold.
        reopened_at: Option<Moment>,
        /// Why.
        reopened_why: Option<String>,
    }
);

shape!(
    /// A person's judgement beside the machine's.
    EntryCorrection from case::CorrectionEntry {
        /// Its number.
        id: i64,
        /// About which post.
        post: i64,
        /// Which judgement: `intent`, `sentiment`, ….
        judgement: String,
        /// What it is.
        value: serde_json::Value,
        /// What it was taken for.
        was: serde_json::Value,
        /// By whom.
        by: Named,
        /// When.
        at: Moment,
    }
);
