//! Replacing encryption keys, on both engines.

use crate::support::{
    databases, entry, keys, login::LoginStub, new_credential, services, with_keys, workspace,
};
use secrecy::{ExposeSecret, SecretString};
use server::{
    crypto::KeyRing,
    reencrypt::{check_keys, reencrypt},
    store::{Installation, Store, bot_token_row, credential_row},
};
use std::time::Duration;
use types::{AuditAction, PersonId};

const OLD: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "k2:HxwdGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAAA=";

async fn with_secrets(store: &Store) {
    let bot_token = keys().seal(&SecretString::from("xoxb-1"), &bot_token_row(&workspace()));
    let installation = Installation {
        bot_token_sealed: bot_token,
        scopes: Vec::new(),
        installed_at: crate::support::NOW,
        installed_by: PersonId::new("U1"),
    };
    store
        .save_installation(
            &workspace(),
            "Acme",
            &installation,
            false,
            &entry(AuditAction::InstalledInSlack),
        )
        .await
        .unwrap();
    let credential = keys().seal(
        &SecretString::from("the-api-key"),
        &credential_row(&workspace()),
    );
    let entry = entry(AuditAction::ConnectedPagerDuty);
    assert!(
        store
            .connect(&new_credential(&credential), &entry)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn every_secret_moves_to_the_first_key_and_the_old_one_can_go() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        with_secrets(&store).await;
        let both = KeyRing::parse(&format!("{NEW},{OLD}")).unwrap();
        let new = KeyRing::parse(NEW).unwrap();

        assert!(check_keys(&store, &new).await.is_err());
        assert_eq!(reencrypt(&store, &both).await.unwrap(), 2);
        assert_eq!(reencrypt(&store, &both).await.unwrap(), 0);
        check_keys(&store, &new).await.unwrap();

        let connection = store.connection(&workspace()).await.unwrap().unwrap();
        let opened = new.open(&connection.credential.sealed, &credential_row(&workspace()));
        assert_eq!(opened.unwrap().expose_secret(), "the-api-key");
    }
}

#[tokio::test]
async fn a_login_moves_whole_and_goes_on_being_renewed() {
    for database in databases().await {
        let stub = LoginStub::start(Duration::ZERO).await;
        let services = services(&database, &stub.url).await;
        stub.connect(&services).await;
        let both = KeyRing::parse(&format!("{NEW},{OLD}")).unwrap();
        // The login, and the bot token of the workspace.
        assert_eq!(reencrypt(&services.store, &both).await.unwrap(), 2);

        stub.book(|book| book.life = Duration::from_secs(3600));
        let new = with_keys(services, NEW);
        check_keys(&new.store, &new.keys).await.unwrap();
        let synced = server::sync::sync_now(&new.sync, &workspace(), None)
            .await
            .unwrap();
        assert!(synced.unwrap().unreadable.is_empty());
        assert_eq!(stub.book(|book| (book.refreshes, book.rejected)), (1, 0));
    }
}

#[tokio::test]
async fn a_missing_key_is_named() {
    for database in databases().await {
        let store = Store::open(&database.url).await.unwrap();
        with_secrets(&store).await;
        let error = check_keys(&store, &KeyRing::parse(NEW).unwrap())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("encryption key k1"), "{error}");
    }
}
