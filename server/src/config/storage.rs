//! Where the data is, and the keys to it.

use super::{ConfigError, secrets::value_or_file};
use clap::Args;
use secrecy::SecretString;
use std::path::PathBuf;

const DEFAULT_DATABASE_URL: &str = "sqlite://data/roundrobin.db";

/// Where the data is and which keys open it; all that `migrate` and
/// `reencrypt` need.
#[derive(Args, Debug)]
pub struct StorageSettings {
    /// sqlite://path or postgres://user:password@host/database. A SQLite file is
    /// made when absent.
    /// Defaults to sqlite://data/roundrobin.db.
    #[arg(long, env = "ROUNDROBIN_DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// A file that holds the database URL instead.
    #[arg(long, env = "ROUNDROBIN_DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,

    /// Keys that seal secrets in the database: id:base64 of 32 bytes, several
    /// separated by commas. The first one seals, all open. With SQLite a key is
    /// made beside the database when none is given.
    #[arg(long, env = "ROUNDROBIN_ENCRYPTION_KEYS", hide_env_values = true)]
    encryption_keys: Option<SecretString>,

    /// A file that holds the keys instead.
    #[arg(long, env = "ROUNDROBIN_ENCRYPTION_KEYS_FILE")]
    encryption_keys_file: Option<PathBuf>,

    /// Begin with an empty SQLite database although there is a key beside it.
    #[arg(long, env = "ROUNDROBIN_NEW_DATABASE")]
    new_database: bool,
}

/// Where the data is, and which keys were given to open it.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    /// May hold a password.
    pub database_url: SecretString,
    pub encryption_keys: Option<SecretString>,
    /// An empty SQLite database is right although there is a key beside it.
    pub new_database: bool,
}

impl StorageSettings {
    pub fn checked(&self) -> Result<StorageConfig, ConfigError> {
        Ok(StorageConfig {
            database_url: self.database_url()?,
            encryption_keys: value_or_file(
                "ROUNDROBIN_ENCRYPTION_KEYS",
                self.encryption_keys.as_ref(),
                self.encryption_keys_file.as_deref(),
            )?,
            new_database: self.new_database,
        })
    }

    /// Where the data is; all that copying it needs.
    pub fn database_url(&self) -> Result<SecretString, ConfigError> {
        let given = value_or_file(
            "ROUNDROBIN_DATABASE_URL",
            self.database_url.as_ref(),
            self.database_url_file.as_deref(),
        )?;
        Ok(given.unwrap_or_else(|| SecretString::from(DEFAULT_DATABASE_URL)))
    }
}
