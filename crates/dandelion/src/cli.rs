//! What may be typed. Every flag has its environment variable where it configures something.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use dandelion_listen::dialect::Dialect;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// A self-hosted social business hub: it listens, brings each post to the department that can fix it, lets people
/// answer, and keeps a ledger of results.
#[derive(Debug, Parser)]
#[command(name = "dandelion", version, max_term_width = 110)]
pub struct Cli {
    /// What configures every command.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Settings that may stand before or after any command.
#[derive(Debug, Clone, Default, Args)]
pub struct Settings {
    /// Where everything lives [default: ./dandelion-data; demo: ./dandelion-demo]
    #[arg(long, env = "DANDELION_DATA_DIR", global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// PostgreSQL 15 or newer instead of SQLite: postgres://user:password@host/database
    #[arg(long, env = "DANDELION_DATABASE_URL", global = true, value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The configuration file [default: dandelion.toml in the data directory, if there is one]
    #[arg(long, env = "DANDELION_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How much is said: error, warn, info, debug, trace
    #[arg(long, env = "DANDELION_LOG", global = true, value_name = "LEVEL")]
    pub log: Option<String>,
    /// How it is said
    #[arg(long, env = "DANDELION_LOG_FORMAT", global = true, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Private addresses that may be fetched all the same, for tests: 127.0.0.1, 10.0.0.0/8 (repeatable, or separated by commas)
    #[arg(long, env = "DANDELION_ALLOW_PRIVATE", global = true, value_name = "ADDRESS", value_delimiter = ',')]
    pub allow_private: Vec<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the hub: pages, API, listening, sending
    Serve(Serve),
    /// Run a sample organisation with a life of its own
    Demo(Demo),
    /// The demo network as a server of its own: where the demo's replies are really published
    #[command(hide = true)]
    DemoNetwork(DemoNetwork),
    /// Take posts in from a file or standard input
    Import(Import),
    /// Connected places we read from
    #[command(subcommand)]
    Source(Source),
    /// Our own actors on ActivityPub, @care@yourcompany.example
    Actor(Actors),
    /// Saved listening queries
    #[command(subcommand)]
    Query(Query),
    /// The organisation: units, members, products, topics, hours, handles
    #[command(subcommand)]
    Org(Org),
    /// The people who work here
    #[command(subcommand)]
    User(User),
    /// Filter: which queries match each post (JSONL in, JSONL out)
    Match(Match),
    /// Filter: language, sentiment, intent, urgency, risk, influence of each post, with reasons
    Understand(Understand),
    /// Filter: match, understand and route each post to a unit, without a database
    Triage(Triage),
    /// Train a head of your own labels: from a file, or for a unit of the hub from what its people corrected
    Train(Train),
    /// Who judges: the program's version and the heads of units
    #[command(subcommand)]
    Model(Model),
    /// How good a head is on labelled texts: figures with intervals, each label, confusion
    Eval(Eval),
    /// Check the log's chain, the accounting of every source, and references
    Check,
    /// Copy everything into one new file while the hub runs
    Backup(Backup),
    /// Bring a backup back into an empty data directory; queued replies are held
    Restore(Restore),
    /// The secrets that are stored sealed, and the keys they are sealed with
    #[command(subcommand)]
    Secrets(Secrets),
    /// Print the configuration in force, secrets masked
    Config,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual page (to standard output, or a page for each command into DIR)
    Man {
        /// Where to
        dir: Option<PathBuf>,
    },
}

/// Where to listen.
#[derive(Debug, Clone, Default, Args)]
pub struct Serve {
    /// Address to listen on [default: 127.0.0.1:7300]
    #[arg(long, env = "DANDELION_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The address people type, if a proxy stands before it
    #[arg(long, env = "DANDELION_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// The demo.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// Address to listen on [default: 127.0.0.1:7300]
    #[arg(long, env = "DANDELION_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Posts a minute that the simulated customers write; 0 for none
    #[arg(long, default_value_t = 12.0, value_name = "NUMBER")]
    pub rate: f64,
    /// Address of the demo network, where replies are really published
    #[arg(long, default_value = "127.0.0.1:7301", value_name = "ADDRESS")]
    pub network_listen: String,
    /// Start without the 30 days of history
    #[arg(long)]
    pub empty: bool,
    /// Seed of everything that looks like chance
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
}

/// The demo network.
#[derive(Debug, Clone, Args)]
pub struct DemoNetwork {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:7301", value_name = "ADDRESS")]
    pub listen: String,
    /// File that keeps what was published
    #[arg(long, value_name = "FILE")]
    pub state: PathBuf,
    /// Whether idempotency keys are honoured
    #[arg(long, default_value = "on", value_name = "on|off")]
    pub keys: String,
    /// Share of acknowledgements that are lost, 0 to 1
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    pub lose: f64,
    /// Milliseconds that publishing takes
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub delay: u64,
}

/// An import.
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// The file; - for standard input
    pub file: String,
    /// How it is laid out [default: by the file's name]
    #[arg(long, value_name = "jsonl|csv|tsv|rss")]
    pub format: Option<String>,
    /// Which column or field becomes which field of a post: id=tweet_id,text=body,network==x
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    pub map: Option<String>,
    /// The source to take it into [default: one of the file's name, made if missing]
    #[arg(long, value_name = "KEY")]
    pub source: Option<String>,
    /// The network of posts that do not say theirs [default: file]
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,
}

/// Actors, and where they live.
#[derive(Debug, Args)]
pub struct Actors {
    /// The address others reach this installation at
    #[arg(long, global = true, env = "DANDELION_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// What is done
    #[command(subcommand)]
    pub command: Actor,
}

/// Actors.
#[derive(Debug, Subcommand)]
pub enum Actor {
    /// Make an actor; public_url says where it lives
    Add {
        /// The part before the host: care, of @care@yourcompany.example
        name: String,
        /// What it is called, for people
        #[arg(long)]
        label: Option<String>,
        /// Key of the unit that speaks from it; the hub where left out
        #[arg(long)]
        unit: Option<String>,
    },
    /// List them, with how many follow and are followed
    List,
    /// Have one follow an account of the fediverse, so that what it says to everybody is heard
    Follow {
        /// The part before the host of ours: care
        name: String,
        /// Whom: @name@mastodon.example, or the address of their page
        account: String,
    },
    /// Have one follow an account no longer
    Unfollow {
        /// The part before the host of ours: care
        name: String,
        /// Whom, as `dandelion actor following` names them
        account: String,
    },
    /// List whom one follows, with what they answered
    Following {
        /// The part before the host of ours: care
        name: String,
    },
}

/// Sources.
#[derive(Debug, Subcommand)]
pub enum Source {
    /// Connect a feed, a place of a network or a webhook
    Add {
        /// An address or a handle: a feed or a page that names one, @name@instance, #tag@instance, a repository on
        /// GitHub; leave out for a webhook
        url: Option<String>,
        /// Name for people
        #[arg(long)]
        name: Option<String>,
        /// feed, network or webhook [default: what the address says]
        #[arg(long)]
        kind: Option<String>,
        /// The network of its posts, where the address does not say it
        #[arg(long)]
        network: Option<String>,
        /// What its network wants to know: read=mentions, visibility=unlisted (repeatable)
        #[arg(long = "set", value_name = "NAME=VALUE")]
        settings: Vec<String>,
        /// The file that holds its token or secret; - for standard input
        #[arg(long, value_name = "FILE")]
        secret: Option<String>,
        /// Key of the unit that looks after it
        #[arg(long)]
        unit: Option<String>,
    },
    /// List all, with their accounting
    List,
    /// Rest a source
    Pause {
        /// Its key
        key: String,
    },
    /// Wake a source
    Resume {
        /// Its key
        key: String,
    },
    /// Read a place again from a day on; what is known is not stored twice
    Reread {
        /// Its key
        key: String,
        /// A date (2026-03-02, the start of that day, UTC) or a moment (2026-03-02T09:00:00Z)
        #[arg(long, value_name = "DATE", value_parser = moment)]
        since: Timestamp,
    },
    /// Show what a source brought that could not be taken, a JSON object a line, oldest first
    Quarantine {
        /// Its key
        key: String,
        /// Try the item of this number again, as it came
        #[arg(long, value_name = "NUMBER", conflicts_with = "retry_all")]
        retry: Option<i64>,
        /// Try all again, as they came
        #[arg(long)]
        retry_all: bool,
    },
    /// Ask once and show what would be brought, storing nothing
    Test {
        /// Its key, or an address or a handle as for `add`
        key: String,
    },
    /// Connect every feed of an OPML file
    ImportOpml {
        /// The file; - for standard input
        file: String,
    },
    /// Print all feeds as OPML
    ExportOpml,
}

/// A day or a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned_datetime(TimeZone::UTC).ok().map(|day| day.timestamp());
    let wanted = "write a date such as 2026-03-02 or a moment such as 2026-03-02T09:00:00Z";
    text.parse().ok().or_else(day).ok_or_else(|| wanted.to_owned())
}

fn dialect(name: &str) -> Result<Dialect, String> {
    let known = || Dialect::ALL.map(Dialect::name).join(", ");
    Dialect::named(name).ok_or_else(|| format!("there are {}", known()))
}

/// Queries.
#[derive(Debug, Subcommand)]
pub enum Query {
    /// Take in queries.toml: new ones are made, known ones changed
    Import {
        /// The file; with --dialect also one query as plain text, which gets the file's name
        file: PathBuf,
        /// The texts are in the syntax of another tool; what cannot be carried over is named
        #[arg(long, value_name = "brandwatch|talkwalker|x", value_parser = dialect)]
        dialect: Option<Dialect>,
    },
    /// Print queries of another tool in our language, and say what could not be carried over
    Translate {
        /// Whose syntax it is
        #[arg(long, value_name = "brandwatch|talkwalker|x", value_parser = dialect)]
        from: Dialect,
        /// One query as plain text, or a queries.toml; - for standard input
        #[arg(default_value = "-")]
        file: String,
    },
    /// List all
    List,
}

/// The organisation.
#[derive(Debug, Subcommand)]
pub enum Org {
    /// Take in org.toml
    Import {
        /// The file
        file: PathBuf,
    },
    /// Print the organisation as org.toml
    Export,
    /// Only check a file
    Check {
        /// The file
        file: PathBuf,
    },
}

/// Members.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a member and print an address where they choose a password
    Add {
        /// Their e-mail address
        email: String,
        /// Their name
        #[arg(long)]
        name: String,
        /// Role and unit: agent@repairs (repeatable)
        #[arg(long = "role", value_name = "ROLE@UNIT")]
        roles: Vec<String>,
    },
    /// List all
    List,
    /// Print an address where a member chooses a new password
    Password {
        /// Their e-mail address
        email: String,
    },
    /// A member may no longer sign in
    Disable {
        /// Their e-mail address
        email: String,
    },
}

/// The match filter.
#[derive(Debug, Clone, Args)]
pub struct Match {
    /// The queries
    #[arg(long, value_name = "FILE")]
    pub queries: PathBuf,
    /// Posts, JSONL; - for standard input
    #[arg(default_value = "-")]
    pub file: String,
    /// Add the spans that made each query match
    #[arg(long)]
    pub explain: bool,
    /// Only run the test cases of the queries
    #[arg(long)]
    pub check: bool,
}

/// The understand filter.
#[derive(Debug, Clone, Args)]
pub struct Understand {
    /// The organisation, for its products and topics
    #[arg(long, value_name = "FILE")]
    pub org: Option<PathBuf>,
    /// Posts, JSONL; - for standard input
    #[arg(default_value = "-")]
    pub file: String,
}

/// What a head's answers are chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Aims {
    /// The likeliest label.
    Accuracy,
    /// Labels count the same however rare they are.
    MacroF1,
    /// As many as possible of each label are found.
    MacroRecall,
}

/// Models.
#[derive(Debug, Subcommand)]
pub enum Model {
    /// List all: the program's version, then the heads of units, those that answer now first
    List,
    /// What one says of itself: hashes, labels, thresholds, figures, what would change
    Show {
        /// Its number, or `program`
        model: String,
    },
    /// Let a shadow or a retired version take over
    Use {
        /// Its number
        model: i64,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Have the unit's stored posts judged anew as well
        #[arg(long)]
        reanalyse: bool,
    },
    /// Undo the last take-over: what judged before judges again
    Rollback {
        /// Its number
        model: i64,
    },
    /// Retire a version: it answers nothing any more
    Retire {
        /// Its number
        model: i64,
    },
}

/// Training.
#[derive(Debug, Clone, Args)]
pub struct Train {
    /// The head's name: with --unit the question, `sentiment`, `topic` or the key of a set of labels
    #[arg(long, value_name = "NAME")]
    pub head: String,
    /// Examples: tab-separated, the first line names the columns `text` and `label`
    #[arg(long, value_name = "FILE.tsv", required_unless_present = "from_corrections")]
    pub data: Option<PathBuf>,
    /// Where NAME.head is written; without a hub
    #[arg(long, value_name = "DIR", required_unless_present = "unit", conflicts_with = "unit")]
    pub out: Option<PathBuf>,
    /// Key of the unit of the hub whose head it becomes
    #[arg(long, value_name = "KEY", conflicts_with_all = ["dev", "aim", "seed"])]
    pub unit: Option<String>,
    /// Learn from what the unit's people corrected and confirmed
    #[arg(long, requires = "unit")]
    pub from_corrections: bool,
    /// Let it take over without asking
    #[arg(long, requires = "unit")]
    pub yes: bool,
    /// More examples that are only measured on, never learned from
    #[arg(long, value_name = "FILE.tsv")]
    pub dev: Option<PathBuf>,
    /// Seed of the order in which examples are looked at
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub seed: u64,
    /// What answers are chosen for [default: macro-f1, accuracy beyond 24 labels]
    #[arg(long, value_name = "AIM")]
    pub aim: Option<Aims>,
    /// The column that holds the label
    #[arg(long, default_value = "label", value_name = "COLUMN")]
    pub label: String,
}

/// Figures.
#[derive(Debug, Clone, Args)]
pub struct Eval {
    /// The head: a shipped one (sentiment, emotion, irony, offensive, language), or your own with --model
    #[arg(long, value_name = "NAME")]
    pub head: String,
    /// Labelled texts: tab-separated, the first line names the columns `text` and `label`
    #[arg(long, value_name = "FILE.tsv")]
    pub data: PathBuf,
    /// Where `dandelion train` wrote the head
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// What a label of the data is called by the head: theirs=ours (repeatable, or separated by commas)
    #[arg(long, value_name = "THEIRS=OURS", value_delimiter = ',')]
    pub map: Vec<String>,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// The column that holds the label
    #[arg(long, default_value = "label", value_name = "COLUMN")]
    pub label: String,
}

/// The triage filter.
#[derive(Debug, Clone, Args)]
pub struct Triage {
    /// The organisation
    #[arg(long, value_name = "FILE")]
    pub org: PathBuf,
    /// The queries [default: every post concerns us]
    #[arg(long, value_name = "FILE")]
    pub queries: Option<PathBuf>,
    /// Posts, JSONL; - for standard input
    #[arg(default_value = "-")]
    pub file: String,
}

/// What is done with the keys of secrets.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Secrets {
    /// Make a new key and seal every secret with it, also while the hub runs; the old keys stay for old backups
    Rotate,
}

/// A backup.
#[derive(Debug, Clone, Args)]
pub struct Backup {
    /// The new file
    pub file: PathBuf,
}

/// A restore.
#[derive(Debug, Clone, Args)]
pub struct Restore {
    /// The backup
    pub file: PathBuf,
}
