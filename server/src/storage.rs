//! Where the data is made ready to be opened: the keys are read and, beside a SQLite file at
//! its first start, made. The settings only say where.

use crate::{
    config::StorageConfig,
    crypto::{KeyRing, KeyRingError},
    store::{self, Engine, Expect, OpenError, Store, sqlite_path, written_path},
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What a key that was made beside a SQLite file is called.
const KEY_FILE: &str = "encryption.key";

/// Where the data is, and the keys that open it.
#[derive(Clone, Debug)]
pub struct Storage {
    /// May hold a password.
    pub database_url: SecretString,
    pub keys: KeyRing,
    /// The key file that was made just now, for the log.
    pub new_key_file: Option<PathBuf>,
    /// Data where a key file was there before: it has sealed something.
    pub expect: Expect,
}

/// Why the data cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Remedy: see `KeyRingError` for what is put in.
    #[error("ROUNDROBIN_ENCRYPTION_KEYS: {0}")]
    Keys(#[from] KeyRingError),
    #[error(
        "ROUNDROBIN_ENCRYPTION_KEYS is needed with Postgres, since several servers must share it. Make one with: echo \"k1:$(openssl rand -base64 32)\""
    )]
    KeysNeeded,
    #[error(
        "there is a database at {database}, but no key file {path} beside it and no ROUNDROBIN_ENCRYPTION_KEYS; without the key, the secrets in the database cannot be read. Restore the file from its copy, or set the keys"
    )]
    KeyFileLost { database: String, path: String },
    #[error(
        "the key file {path} could not be made or read by {user}: {cause}. Let this user read it, and write into its folder"
    )]
    KeyFile {
        path: String,
        user: String,
        cause: io::Error,
    },
    /// Remedy: see `OpenError` for what is put in.
    #[error("ROUNDROBIN_DATABASE_URL: {0}")]
    Database(#[from] OpenError),
}

/// What becomes of a key file that is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyFile {
    MadeIfNew,
    AsItIs,
}

impl Storage {
    /// Reads the keys, and makes one and its folder at the first start on SQLite.
    pub fn prepare(config: &StorageConfig) -> Result<Self, StorageError> {
        let storage = Self::read(config, KeyFile::MadeIfNew)?;
        Ok(storage.expect("a key that is not there is made"))
    }

    /// The same, and makes nothing; `None` when a start would make a new key.
    pub fn as_it_is(config: &StorageConfig) -> Result<Option<Self>, StorageError> {
        Self::read(config, KeyFile::AsItIs)
    }

    fn read(config: &StorageConfig, key_file: KeyFile) -> Result<Option<Self>, StorageError> {
        let url = config.database_url.expose_secret();
        let (text, new_key_file, was_there) = match (&config.encryption_keys, Engine::of_url(url)?)
        {
            (Some(keys), _) => (keys.clone(), None, false),
            (None, Engine::Postgres) => return Err(StorageError::KeysNeeded),
            (None, Engine::Sqlite) => match key_file_beside(url, key_file)? {
                None => return Ok(None),
                Some((keys, None)) => (keys, None, true),
                Some((keys, new)) => (keys, new, false),
            },
        };
        Ok(Some(Self {
            keys: KeyRing::parse(text.expose_secret().trim())?,
            database_url: config.database_url.clone(),
            new_key_file,
            expect: if was_there && !config.new_database {
                Expect::Data
            } else {
                Expect::Anything
            },
        }))
    }

    /// Opens the database and brings its schema up to date.
    pub async fn open(&self) -> Result<Store, OpenError> {
        let url = self.database_url.expose_secret();
        let opened = Store::open_expecting(url, self.expect).await;
        opened.inspect_err(|_| self.unmake_key())
    }

    /// Takes away a key that was made for a database that could not be made, so that
    /// the next start is a first one again.
    fn unmake_key(&self) {
        let database = sqlite_path(self.database_url.expose_secret());
        if let Some(key) = &self.new_key_file
            && !database.is_some_and(|database| holds_something(&database))
            && let Err(error) = fs::remove_file(key)
        {
            tracing::warn!(%error, file = %key.display(), "a key that has sealed nothing is left");
        }
    }
}

/// Reads `encryption.key` beside the SQLite file, making it at the first start: then
/// also where it is. `None` when it would have to be made and is not to be.
fn key_file_beside(
    database_url: &str,
    key_file: KeyFile,
) -> Result<Option<(SecretString, Option<PathBuf>)>, StorageError> {
    let database = sqlite_path(database_url).unwrap_or_default();
    let folder = database.parent().unwrap_or(Path::new(""));
    let path = folder.join(KEY_FILE);
    let failed = |cause| StorageError::KeyFile {
        path: path.display().to_string(),
        user: store::user(),
        cause,
    };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some((SecretString::from(text), None))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some((text, found)) = misplaced_key(database_url) {
                tracing::warn!(
                    "an earlier version has put the encryption key at {}, where it is used; move it to {}",
                    found.display(),
                    path.display()
                );
                return Ok(Some((text, None)));
            }
            if holds_something(&database) {
                if let Some(error) = store::is_no_database(&database) {
                    return Err(error.into());
                }
                return Err(StorageError::KeyFileLost {
                    database: database.display().to_string(),
                    path: path.display().to_string(),
                });
            }
            if key_file == KeyFile::AsItIs {
                return Ok(None);
            }
            let keys = KeyRing::generate();
            fs::create_dir_all(folder).map_err(failed)?;
            write_private(&path, keys.expose_secret()).map_err(failed)?;
            Ok(Some((keys, Some(path.clone()))))
        }
        Err(error) => Err(failed(error)),
    }
}

/// The key where versions put it that took percent signs in the URL for themselves.
fn misplaced_key(database_url: &str) -> Option<(SecretString, PathBuf)> {
    let path = Path::new(written_path(database_url)?)
        .parent()?
        .join(KEY_FILE);
    let text = fs::read_to_string(&path).ok()?;
    Some((SecretString::from(text), path))
}

fn holds_something(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|file| file.len() > 0)
}

/// Writes a new file that only its owner may read, on disk before anything can
/// be sealed with what it holds.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(database_url: &str) -> StorageConfig {
        StorageConfig {
            database_url: SecretString::from(database_url),
            encryption_keys: None,
            new_database: false,
        }
    }

    #[test]
    fn sqlite_makes_its_key_once_and_keeps_it_private() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/sub/rr.db", folder.path().display());
        let given = config(&url);
        let first = Storage::prepare(&given).unwrap();
        let file = first.new_key_file.unwrap();
        assert!(Storage::prepare(&given).unwrap().new_key_file.is_none());
        fs::write(folder.path().join("sub/rr.db"), "data").unwrap();
        assert!(Storage::prepare(&given).unwrap().new_key_file.is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(file).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn a_lost_key_file_is_not_replaced_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rr.db");
        let url = format!("sqlite://{}", file.display());
        let refused = || Storage::prepare(&config(&url)).unwrap_err();
        let database = [&b"SQLite format 3\0"[..], &[0; 100]].concat();
        fs::write(&file, database).unwrap();
        assert!(matches!(refused(), StorageError::KeyFileLost { .. }));
        // What is no database has lost no key.
        fs::write(&file, "Dear database").unwrap();
        let no_database =
            |error| matches!(error, StorageError::Database(OpenError::NoDatabase { .. }));
        assert!(no_database(refused()));
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(no_database(refused()));
    }

    #[test]
    fn postgres_without_a_key_refuses_to_start() {
        let given = config("postgres://localhost/rr");
        assert!(matches!(
            Storage::prepare(&given).unwrap_err(),
            StorageError::KeysNeeded
        ));
    }
}
