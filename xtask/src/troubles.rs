//! The list of what the product says when something is wrong, `docs/troubles.md`, read
//! from the types that hold the sentences: written by hand it would soon miss some.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta};

const LIST: &str = "docs/troubles.md";
/// Where sentences are.
const ROOMS: [&str; 3] = ["types/src", "app/src", "server/src"];

const HEAD: &str = "# What the product says when something is wrong

Every sentence, with what happened and what to do about it. What is in braces is filled in. `cargo xtask troubles` makes this
page from the types that hold the sentences, and `cargo xtask check` fails where it has fallen behind.

";
const ON_PAGES: &str = "## On pages and in answers\n";
const IN_THE_LOG: &str =
    "\n## At the start, in the log and from commands\n\nThese go to whoever runs the server.\n";

/// Writes the list.
pub fn write() -> Result<()> {
    fs::write(LIST, list(Path::new("."))?).with_context(|| format!("cannot write {LIST}"))
}

/// Fails when the list is not what the types say.
pub fn check() -> Result<()> {
    let written = fs::read_to_string(LIST).unwrap_or_default();
    if written != list(Path::new("."))? {
        bail!(
            "{LIST} is not what the types say. Run `cargo xtask troubles` and look at the change."
        );
    }
    Ok(())
}

/// What one type or constant says.
struct Told {
    name: String,
    about: String,
    /// Each with the variant that says it, if it is one of several.
    sentences: Vec<(String, String)>,
}

fn list(root: &Path) -> Result<String> {
    let mut told = Vec::new();
    for room in ROOMS {
        for file in rust_files(&root.join(room))? {
            let source = fs::read_to_string(&file)?;
            let parsed = syn::parse_file(&source)
                .with_context(|| format!("cannot parse {}", file.display()))?;
            told.extend(told_in(&parsed));
        }
    }
    let mut page = HEAD.to_owned();
    // Errors for the log begin in lower case, as is the custom in Rust.
    let (on_pages, in_the_log): (Vec<_>, Vec<_>) = told.into_iter().partition(is_for_people);
    for (heading, told) in [(ON_PAGES, on_pages), (IN_THE_LOG, in_the_log)] {
        page.push_str(heading);
        for one in told {
            write_table(&mut page, &one)?;
        }
    }
    Ok(page)
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn is_for_people(told: &Told) -> bool {
    let mut sentences = told.sentences.iter();
    sentences.any(|(_, sentence)| sentence.starts_with(char::is_uppercase))
}

fn write_table(page: &mut String, told: &Told) -> Result<()> {
    writeln!(page, "\n### `{}`\n", told.name)?;
    if !told.about.is_empty() {
        writeln!(page, "{}\n", told.about)?;
    }
    page.push_str("| | What happened | What to do |\n|---|---|---|\n");
    for (variant, sentence) in &told.sentences {
        let (happened, to_do) = match sentence.split_once(". ") {
            Some((happened, to_do)) => (format!("{happened}."), to_do),
            None => (sentence.clone(), ""),
        };
        let name = match variant.as_str() {
            "" => String::new(),
            variant => format!("`{variant}`"),
        };
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        writeln!(page, "| {name} | {} | {} |", cell(&happened), cell(to_do))?;
    }
    Ok(())
}

fn told_in(file: &syn::File) -> Vec<Told> {
    let functions: HashMap<String, Vec<String>> = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Fn(function) => Some((
                function.sig.ident.to_string(),
                literals_of(|found| found.visit_block(&function.block)),
            )),
            _ => None,
        })
        .collect();
    file.items
        .iter()
        .filter_map(|item| match item {
            Item::Enum(item) => {
                let variants = item.variants.iter();
                let sentences = variants.flat_map(|variant| {
                    let name = variant.ident.to_string();
                    let said = said_by(&variant.attrs, &functions).into_iter();
                    said.map(move |sentence| (name.clone(), sentence))
                });
                told(&item.ident.to_string(), &item.attrs, sentences.collect())
            }
            Item::Struct(item) => {
                let said = said_by(&item.attrs, &functions).into_iter();
                let sentences = said.map(|sentence| (String::new(), sentence));
                told(&item.ident.to_string(), &item.attrs, sentences.collect())
            }
            Item::Const(item) => match &*item.expr {
                Expr::Lit(value) => match &value.lit {
                    Lit::Str(text) if is_sentence(&text.value()) => {
                        let sentences = vec![(String::new(), text.value())];
                        told(&item.ident.to_string(), &item.attrs, sentences)
                    }
                    _ => None,
                },
                _ => None,
            },
            Item::Impl(item) => {
                let (_, what, _) = item.trait_.as_ref()?;
                if what.segments.last()?.ident != "Display" {
                    return None;
                }
                let syn::Type::Path(of) = &*item.self_ty else {
                    return None;
                };
                let said = literals_of(|found| {
                    for part in &item.items {
                        if let ImplItem::Fn(function) = part {
                            found.visit_block(&function.block);
                        }
                    }
                });
                let said = said.into_iter().filter(|sentence| is_sentence(sentence));
                let sentences = said.map(|sentence| (String::new(), sentence)).collect();
                told(&of.path.segments.last()?.ident.to_string(), &[], sentences)
            }
            _ => None,
        })
        .collect()
}

fn told(name: &str, attributes: &[Attribute], sentences: Vec<(String, String)>) -> Option<Told> {
    (!sentences.is_empty()).then(|| Told {
        name: name.to_owned(),
        about: about(attributes),
        sentences,
    })
}

/// The first paragraph of the documentation.
fn about(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(text) => match &text.lit {
                    Lit::Str(text) => Some(text.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    let paragraph: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}

/// The sentences of an `#[error(…)]`: the one in it, or those of the function that it
/// calls.
fn said_by(attributes: &[Attribute], functions: &HashMap<String, Vec<String>>) -> Vec<String> {
    let Some(tokens) = attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::List(list) if list.path.is_ident("error") => Some(list.tokens.clone()),
            _ => None,
        })
    else {
        return Vec::new();
    };
    let mut said = Vec::new();
    collect_literals(tokens.clone(), &mut said);
    for token in tokens {
        if let TokenTree::Ident(name) = token
            && let Some(literals) = functions.get(&name.to_string())
        {
            said.extend(literals.iter().cloned());
        }
    }
    // A mere place to fill in says nothing.
    said.retain(|sentence| sentence.contains(' '));
    said
}

fn is_sentence(text: &str) -> bool {
    text.starts_with(char::is_uppercase) && text.ends_with('.') && text.matches(' ').count() > 3
}

/// The texts in a piece of code, also in what it hands to macros.
#[derive(Default)]
struct Literals(Vec<String>);

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.push(text.value());
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        collect_literals(call.tokens.clone(), &mut self.0);
        visit::visit_macro(self, call);
    }
}

fn literals_of(look: impl FnOnce(&mut Literals)) -> Vec<String> {
    let mut literals = Literals::default();
    look(&mut literals);
    literals.0
}

fn collect_literals(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect_literals(group.stream(), found),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    found.push(text.value());
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: &str) -> Vec<(String, String)> {
        let file = syn::parse_file(source).unwrap();
        let told = told_in(&file).into_iter();
        told.flat_map(|told| told.sentences).collect()
    }

    fn pair(variant: &str, sentence: &str) -> (String, String) {
        (variant.to_owned(), sentence.to_owned())
    }

    #[test]
    fn every_variant_with_a_sentence_is_listed() {
        let source = r#"
            enum Problem {
                #[error("The key is wrong. Enter another one.")]
                Key,
                #[error("Wait {}.", seconds(*after))]
                Limited { after: u32 },
                #[error(transparent)]
                Other(Other),
                #[error("{0}")]
                Shown(Word),
            }"#;
        let expected = [
            pair("Key", "The key is wrong. Enter another one."),
            pair("Limited", "Wait {}."),
        ];
        assert_eq!(said(source), expected);
    }

    #[test]
    fn the_sentences_of_a_function_that_makes_them_are_listed() {
        let source = r#"
            enum Problem {
                #[error("{}", forbidden(scopes))]
                Forbidden { scopes: Vec<String> },
            }
            fn forbidden(scopes: &[String]) -> String {
                match scopes {
                    [] => "It is denied. Ask an admin.".to_owned(),
                    scopes => format!("It lacks {scopes}. Add them."),
                }
            }"#;
        let expected = [
            pair("Forbidden", "It is denied. Ask an admin."),
            pair("Forbidden", "It lacks {scopes}. Add them."),
        ];
        assert_eq!(said(source), expected);
    }

    #[test]
    fn constants_and_what_types_write_of_themselves_count_where_they_are_sentences() {
        let source = r#"
            const FOREIGN: &str = "This request did not come from us. Try again there.";
            const NAME: &str = "Round Robin";
            impl fmt::Display for LeftOut {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "A shift names {} and is left out. Look at it.", self.who)
                }
            }"#;
        let expected = [
            pair("", "This request did not come from us. Try again there."),
            pair("", "A shift names {} and is left out. Look at it."),
        ];
        assert_eq!(said(source), expected);
    }

    #[test]
    fn a_sentence_is_split_into_what_happened_and_what_to_do() {
        let told = Told {
            name: "Problem".to_owned(),
            about: String::new(),
            sentences: vec![pair("Key", "It is a | wrong key. Enter another one. Save.")],
        };
        let mut page = String::new();
        write_table(&mut page, &told).unwrap();
        let row = "| `Key` | It is a \\| wrong key. | Enter another one. Save. |\n";
        assert!(page.ends_with(row), "{page}");
    }
}
