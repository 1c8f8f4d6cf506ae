//! What a database holds, for tests that something changes nothing else.

use super::Database;
use sqlx::{AnyConnection, AssertSqlSafe, Column as _, Connection as _, Row as _, any::AnyRow};
use std::collections::BTreeMap;

/// The rows of each table as text, in an order of their own.
pub type Contents = BTreeMap<String, Vec<String>>;

impl Database {
    /// Everything but what `except` names, a `table` or a `table.column` each.
    pub async fn contents(&self, except: &[&str]) -> Contents {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        let catalogue = if self.url.starts_with("sqlite") {
            "select name from sqlite_master where type = 'table'"
        } else {
            "select cast(tablename as text) from pg_tables where schemaname = 'public'"
        };
        let tables: Vec<(String,)> = sqlx::query_as(catalogue)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let mut contents = Contents::new();
        for (table,) in tables {
            // The library's own book of migrations has types of its own.
            if table.starts_with('_') || except.contains(&table.as_str()) {
                continue;
            }
            let statement = AssertSqlSafe(format!("select * from {table}"));
            let rows = sqlx::query(statement)
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let mut rows: Vec<String> = rows.iter().map(|row| text(&table, row, except)).collect();
            rows.sort();
            contents.insert(table, rows);
        }
        connection.close().await.unwrap();
        contents
    }

    /// The texts that a statement selects.
    pub async fn texts(&self, statement: &str) -> Vec<String> {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        let rows = sqlx::query_as::<_, (String,)>(AssertSqlSafe(statement.to_owned()));
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows.into_iter().map(|(text,)| text).collect()
    }

    /// Changes it behind the server's back.
    pub async fn execute(&self, statement: &str) {
        let mut connection = AnyConnection::connect(&self.url).await.unwrap();
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }
}

fn text(table: &str, row: &AnyRow, except: &[&str]) -> String {
    let columns = row.columns().iter();
    let shown = columns.filter(|column| {
        let name = format!("{table}.{}", column.name());
        !except.contains(&name.as_str())
    });
    shown
        .map(|column| format!("{}={} ", column.name(), value(row, column.ordinal())))
        .collect()
}

fn value(row: &AnyRow, column: usize) -> String {
    let text = row.try_get::<Option<String>, _>(column);
    text.map(|text| format!("{text:?}")).unwrap_or_else(|_| {
        let number: i64 = row.get(column);
        number.to_string()
    })
}
