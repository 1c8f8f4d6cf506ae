//! Replacing encryption keys: everything sealed that lasts is opened with whichever
//! key fits and sealed again with the first one. Safe to interrupt and to repeat.
//! Logins on their way and where late answers are to be given are left alone: they end by themselves,
//! within 10 minutes and half an hour.

use crate::{
    crypto::{KeyRing, OpenSealedError},
    store::{Store, StoreError, bot_token_row, credential_row, group_writer_row},
};

/// Why sealed values could not be read or replaced.
///
/// Remedy: put the key that sealed it back into ROUNDROBIN_ENCRYPTION_KEYS, or have the
/// credential entered anew, then run it again.
#[derive(Debug, thiserror::Error)]
pub enum ReencryptError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the secret of {row}: {cause}")]
    Sealed { row: String, cause: OpenSealedError },
}

/// Seals what an older key sealed with the first key. Returns how many secrets
/// that were.
pub async fn reencrypt(store: &Store, keys: &KeyRing) -> Result<u32, ReencryptError> {
    let mut resealed = 0;
    for connection in store.connections().await? {
        let workspace = &connection.workspace;
        let old = &connection.credential.sealed;
        if let Some(new) = sealed_anew(keys, old, &credential_row(workspace))?
            && store.reseal_credential(workspace, old, &new).await?
        {
            resealed += 1;
        }
    }
    for workspace in store.workspaces().await? {
        let Some(installation) = &workspace.installation else {
            continue;
        };
        let old = &installation.bot_token_sealed;
        if let Some(new) = sealed_anew(keys, old, &bot_token_row(&workspace.id))?
            && store
                .replace_bot_token_sealed(&workspace.id, old, &new)
                .await?
        {
            resealed += 1;
        }
    }
    for writer in store.group_writers().await? {
        let workspace = &writer.workspace;
        if let Some(old) = &writer.token_sealed
            && let Some(new) = sealed_anew(keys, old, &group_writer_row(workspace))?
            && store.reseal_group_writer(workspace, old, &new).await?
        {
            resealed += 1;
        }
    }
    Ok(resealed)
}

/// Something sealed, and whether a key opens it.
#[derive(Debug)]
pub struct Sealed {
    pub row: String,
    pub opens: Result<(), OpenSealedError>,
}

/// Tries to open everything that lasts.
pub async fn sealed(store: &Store, keys: &KeyRing) -> Result<Vec<Sealed>, StoreError> {
    let mut all = Vec::new();
    let mut attempt = |sealed: &str, row: String| {
        let opens = keys.open(sealed, &row).map(drop);
        all.push(Sealed { row, opens });
    };
    for connection in store.connections().await? {
        let row = credential_row(&connection.workspace);
        attempt(&connection.credential.sealed, row);
    }
    for workspace in store.workspaces().await? {
        if let Some(installation) = &workspace.installation {
            attempt(&installation.bot_token_sealed, bot_token_row(&workspace.id));
        }
    }
    for writer in store.group_writers().await? {
        if let Some(sealed) = &writer.token_sealed {
            attempt(sealed, group_writer_row(&writer.workspace));
        }
    }
    Ok(all)
}

/// Opens everything once, so that a missing key is noticed at the start and not
/// at the next sync.
pub async fn check_keys(store: &Store, keys: &KeyRing) -> Result<(), ReencryptError> {
    for Sealed { row, opens } in sealed(store, keys).await? {
        opens.map_err(|cause| ReencryptError::Sealed { row, cause })?;
    }
    Ok(())
}

fn opened(
    keys: &KeyRing,
    sealed: &str,
    row: &str,
) -> Result<secrecy::SecretString, ReencryptError> {
    keys.open(sealed, row)
        .map_err(|cause| ReencryptError::Sealed {
            row: row.to_owned(),
            cause,
        })
}

fn sealed_anew(keys: &KeyRing, old: &str, row: &str) -> Result<Option<String>, ReencryptError> {
    if keys.is_current(old) {
        return Ok(None);
    }
    let plain = opened(keys, old, row)?;
    Ok(Some(keys.seal(&plain, row)))
}
