//! `dandelion.toml`, overridden by `DANDELION_*`, overridden by flags; everything has a default.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::cli::{LogFormat, Settings};

/// The configuration in force.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    /// Where everything lives.
    pub data_dir: PathBuf,
    /// PostgreSQL instead of SQLite.
    pub database_url: Option<String>,
    /// Address to listen on.
    pub listen: String,
    /// The address people type.
    pub public_url: Option<String>,
    /// Log level.
    pub log: String,
    /// Log format.
    pub log_format: LogFormat,
    /// Private addresses that may be fetched.
    pub allow_private: Vec<String>,
}

/// The file, where every line may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    listen: Option<String>,
    public_url: Option<String>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    allow_private: Option<Vec<String>>,
}

/// What a command may set besides the common settings.
#[derive(Debug, Default)]
pub struct Overrides<'a> {
    /// The data directory where nothing says another.
    pub data_dir: Option<&'a str>,
    /// The log level where nothing says another.
    pub log: Option<&'a str>,
    /// `--listen`
    pub listen: Option<String>,
    /// `--public-url`
    pub public_url: Option<String>,
}

impl Config {
    /// Puts together what the file, the environment and the flags say.
    pub fn load(settings: &Settings, overrides: Overrides<'_>) -> Result<Self> {
        let home =
            settings.data_dir.clone().unwrap_or_else(|| PathBuf::from(overrides.data_dir.unwrap_or("dandelion-data")));
        let file = match &settings.config {
            Some(file) => read(file)?,
            None if home.join("dandelion.toml").is_file() => read(&home.join("dandelion.toml"))?,
            None => File::default(),
        };
        let config = Self {
            data_dir: settings.data_dir.clone().or(file.data_dir).unwrap_or(home),
            database_url: settings.database_url.clone().or(file.database_url).filter(|url| !url.is_empty()),
            listen: overrides.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:7300".into()),
            public_url: overrides.public_url.or(file.public_url),
            log: settings.log.clone().or(file.log).unwrap_or_else(|| overrides.log.unwrap_or("info").to_owned()),
            log_format: settings.log_format.or(file.log_format).unwrap_or(LogFormat::Human),
            allow_private: if settings.allow_private.is_empty() {
                file.allow_private.unwrap_or_default()
            } else {
                settings.allow_private.clone()
            },
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        if self.listen.parse::<std::net::SocketAddr>().is_err() {
            bail!(
                "listen: `{}` is no address to listen on; it looks like 127.0.0.1:7300 (DANDELION_LISTEN or --listen)",
                self.listen
            );
        }
        if let Some(url) = &self.public_url {
            let fits = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if !fits {
                bail!(
                    "public_url: `{url}` is no address; it looks like https://hub.example.org (DANDELION_PUBLIC_URL or --public-url)"
                );
            }
        }
        if let Some(url) = &self.database_url
            && !url.starts_with("postgres://")
            && !url.starts_with("postgresql://")
        {
            bail!("database_url: it must begin with postgres:// (leave it out for SQLite in the data directory)");
        }
        if self.log.parse::<tracing_subscriber::filter::LevelFilter>().is_err() {
            bail!("log: `{}` is no level; use error, warn, info, debug or trace", self.log);
        }
        Ok(())
    }

    /// The configuration as TOML with every secret masked.
    pub fn masked(&self) -> Result<String> {
        let mut shown = self.clone();
        if let Some(url) = &mut shown.database_url
            && let Ok(mut parsed) = url::Url::parse(url)
            && parsed.password().is_some()
        {
            let _ = parsed.set_password(Some("****"));
            *url = parsed.to_string();
        }
        toml::to_string(&shown).context("the configuration cannot be printed")
    }
}

fn read(file: &Path) -> Result<File> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the configuration file {} cannot be read", file.display()))?;
    toml::from_str(&text).with_context(|| format!("the configuration file {} has a mistake", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Config> {
        let folder = std::env::temp_dir().join(format!("dandelion-config-{}-{:p}", std::process::id(), text));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("dandelion.toml"), text)?;
        let settings = Settings { data_dir: Some(folder.clone()), ..Settings::default() };
        let config = Config::load(&settings, Overrides::default());
        std::fs::remove_dir_all(folder)?;
        config
    }

    #[test]
    fn a_file_sets_and_a_mistake_is_named() {
        assert_eq!(with("listen = \"127.0.0.1:1\"").unwrap().listen, "127.0.0.1:1");
        for (text, says) in [
            ("lissten = 1", "unknown field `lissten`"),
            ("listen = \"nowhere\"", "is no address to listen on"),
            ("public_url = \"ftp://x\"", "public_url"),
            ("database_url = \"mysql://x\"", "postgres://"),
            ("log = \"loud\"", "is no level"),
        ] {
            let error = format!("{:#}", with(text).unwrap_err());
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn passwords_are_masked() {
        let shown = with("database_url = \"postgres://u:secret@h/d\"").unwrap().masked().unwrap();
        assert!(!shown.contains("secret") && shown.contains("****"), "{shown}");
    }
}
