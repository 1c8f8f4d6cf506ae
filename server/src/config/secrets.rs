//! Secrets come as values or in files.

use super::ConfigError;
use secrecy::SecretString;
use std::{fs, path::Path};

/// The secret, however it was given, if it was.
pub(super) fn value_or_file(
    name: &'static str,
    value: Option<&SecretString>,
    file: Option<&Path>,
) -> Result<Option<SecretString>, ConfigError> {
    match (value, file) {
        (Some(_), Some(_)) => Err(ConfigError::SetTwice { name }),
        (Some(value), None) => Ok(Some(value.clone())),
        (None, Some(file)) => read_secret(name, file).map(Some),
        (None, None) => Ok(None),
    }
}

fn read_secret(name: &'static str, path: &Path) -> Result<SecretString, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(SecretString::from(text.trim())),
        Err(cause) => Err(ConfigError::SecretFile {
            name,
            path: path.display().to_string(),
            cause,
        }),
    }
}
