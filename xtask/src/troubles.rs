//! The list of what the product says when something is wrong, `docs/troubles.md`, read
//! from the types that hold the sentences: written by hand it would soon miss some. A
//! sentence that does not itself say what to do has that in its documentation or its
//! type's, after [`REMEDY`], and one that says nothing else has the reason after [`CAUSE`];
//! where neither is, there is no list.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Ident, ImplItem, Item, Lit, Meta};

use crate::sources;

const LIST: &str = "docs/troubles.md";
/// Where sentences are.
const ROOMS: [&str; 4] = ["types/src", "app/src", "server/domain/src", "server/src"];

/// Functions that choose among sentences which no type holds.
const SPEAKERS: [&str; 10] = [
    "came_back",
    "clock_words",
    "installation_words",
    "look_at_contents",
    "look_at_database",
    "look_at_installation",
    "look_at_sealed",
    "look_at_settings",
    "remedy",
    "too_large",
];
const CAUSE: &str = "Cause:";
const REMEDY: &str = "Remedy:";

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
    sentences: Vec<Sentence>,
}

/// What is said of one trouble.
#[derive(Debug, PartialEq, Eq)]
struct Sentence {
    /// The variant that says it, if it is one of several.
    variant: String,
    happened: String,
    to_do: String,
}

impl Sentence {
    /// Reads a text that says what happened and then what to do, or only one of these; the
    /// other is in the documentation then.
    fn of(variant: &str, text: &str, attributes: &[Attribute]) -> Self {
        let text = text.trim();
        if let Some(cause) = after(CAUSE, attributes) {
            return Self {
                variant: variant.to_owned(),
                happened: cause,
                to_do: text.to_owned(),
            };
        }
        let parts = text
            .split_once(". ")
            .map(|(happened, to_do)| (format!("{happened}."), to_do.to_owned()))
            .or_else(|| {
                let (happened, to_do) = text.split_once("; ")?;
                Some((happened.to_owned(), to_do.to_owned()))
            });
        let (happened, to_do) = match (parts, after(REMEDY, attributes)) {
            (Some(parts), None) => parts,
            (_, remedy) => (text.to_owned(), remedy.unwrap_or_default()),
        };
        Self {
            variant: variant.to_owned(),
            happened,
            to_do,
        }
    }
}

fn list(root: &Path) -> Result<String> {
    let mut told = Vec::new();
    for room in ROOMS {
        for file in sources::rust_files(&root.join(room))? {
            let source = fs::read_to_string(&file)?;
            let parsed = syn::parse_file(&source)
                .with_context(|| format!("cannot parse {}", file.display()))?;
            told.extend(told_in(&parsed));
        }
    }
    let mut page = HEAD.to_owned();
    // Errors for the log begin in lower case, as is the custom in Rust.
    let (on_pages, in_the_log): (Vec<_>, Vec<_>) = told.into_iter().partition(is_for_people);
    let silent: Vec<_> = on_pages
        .iter()
        .chain(&in_the_log)
        .flat_map(|told| told.sentences.iter().map(move |said| (&told.name, said)))
        .filter(|(_, said)| said.to_do.is_empty())
        .map(|(name, said)| format!("{name} {}: {}", said.variant, said.happened))
        .collect();
    if !silent.is_empty() {
        bail!(
            "these sentences do not say what to do, nor does a line of their documentation that begins with “{REMEDY}”:\n{}",
            silent.join("\n")
        );
    }
    for (heading, told) in [(ON_PAGES, on_pages), (IN_THE_LOG, in_the_log)] {
        page.push_str(heading);
        for one in told {
            write_table(&mut page, &one)?;
        }
    }
    Ok(page)
}

fn is_for_people(told: &Told) -> bool {
    let mut sentences = told.sentences.iter();
    sentences.any(|sentence| sentence.happened.starts_with(char::is_uppercase))
}

fn write_table(page: &mut String, told: &Told) -> Result<()> {
    writeln!(page, "\n### `{}`\n", told.name)?;
    if !told.about.is_empty() {
        writeln!(page, "{}\n", told.about)?;
    }
    page.push_str("| | What happened | What to do |\n|---|---|---|\n");
    for said in &told.sentences {
        let name = match said.variant.as_str() {
            "" => String::new(),
            variant => format!("`{variant}`"),
        };
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let (happened, to_do) = (cell(&said.happened), cell(&said.to_do));
        writeln!(page, "| {name} | {happened} | {to_do} |")?;
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
    let methods = file.items.iter().filter_map(|item| match item {
        Item::Impl(item) => Some(&item.items),
        _ => None,
    });
    let methods = methods.flatten().filter_map(|item| match item {
        ImplItem::Fn(method) => spoken(&method.sig.ident, &method.attrs, &method.block),
        _ => None,
    });
    file.items
        .iter()
        .filter_map(|item| match item {
            Item::Enum(item) => {
                let variants = item.variants.iter();
                let sentences = variants.flat_map(|variant| {
                    let name = variant.ident.to_string();
                    let said = said_by(&variant.attrs, &functions).into_iter();
                    said.map(move |text| Sentence::of(&name, &text, &variant.attrs))
                });
                told(&item.ident.to_string(), &item.attrs, sentences.collect())
            }
            Item::Struct(item) => {
                told_of_one(&item.ident, &item.attrs, said_by(&item.attrs, &functions))
            }
            Item::Const(item) => match &*item.expr {
                Expr::Lit(value) => match &value.lit {
                    Lit::Str(text) if is_sentence(&text.value()) => {
                        told_of_one(&item.ident, &item.attrs, vec![text.value()])
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
                let said = said.into_iter().filter(|text| is_sentence(text));
                let name = &of.path.segments.last()?.ident;
                told_of_one(name, &item.attrs, said.collect())
            }
            Item::Fn(function) => spoken(&function.sig.ident, &function.attrs, &function.block),
            _ => None,
        })
        .chain(methods)
        .collect()
}

/// What one of the [`SPEAKERS`] says.
fn spoken(name: &Ident, attributes: &[Attribute], block: &Block) -> Option<Told> {
    if !SPEAKERS.iter().any(|speaker| name == speaker) {
        return None;
    }
    let said = literals_of(|found| found.visit_block(block)).into_iter();
    let said = said.filter(|text| is_sentence(text) || text.contains("; "));
    told_of_one(name, attributes, said.collect())
}

/// What is told without variants: all sentences share the documentation.
fn told_of_one(name: &Ident, attributes: &[Attribute], said: Vec<String>) -> Option<Told> {
    let sentences = said
        .iter()
        .map(|text| Sentence::of("", text, attributes))
        .collect();
    told(&name.to_string(), attributes, sentences)
}

fn told(name: &str, attributes: &[Attribute], mut sentences: Vec<Sentence>) -> Option<Told> {
    for said in &mut sentences {
        if said.to_do.is_empty() {
            said.to_do = after(REMEDY, attributes).unwrap_or_default();
        }
    }
    (!sentences.is_empty()).then(|| Told {
        name: name.to_owned(),
        about: about(attributes),
        sentences,
    })
}

/// The first paragraph of the documentation.
fn about(attributes: &[Attribute]) -> String {
    let begins = |line: &str| {
        [CAUSE, REMEDY]
            .iter()
            .any(|marker| line.starts_with(marker))
    };
    let lines = documentation(attributes).into_iter();
    let paragraph: Vec<_> = lines
        .take_while(|line| !line.is_empty() && !begins(line))
        .collect();
    paragraph.join(" ")
}

/// What the documentation says between the marker and the end of the paragraph.
fn after(marker: &str, attributes: &[Attribute]) -> Option<String> {
    let lines = documentation(attributes).into_iter();
    let paragraph: Vec<_> = lines
        .skip_while(|line| !line.starts_with(marker))
        .take_while(|line| !line.is_empty())
        .collect();
    let text = paragraph.join(" ");
    let mut letters = text.strip_prefix(marker)?.trim().chars();
    let first = letters.next()?.to_uppercase();
    Some(first.chain(letters).collect())
}

fn documentation(attributes: &[Attribute]) -> Vec<String> {
    attributes
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
        })
        .collect()
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
    // A mere place to fill in says nothing.
    said.retain(|text| text.contains(' '));
    for token in tokens {
        if let TokenTree::Ident(name) = token
            && let Some(literals) = functions.get(&name.to_string())
        {
            said.extend(literals.iter().filter(|text| is_sentence(text)).cloned());
        }
    }
    said
}

/// Whether a text is more than a part of a sentence. What is filled in may end it.
fn is_sentence(text: &str) -> bool {
    let ends = text.ends_with('.') || (text.ends_with('}') && text.contains(". "));
    ends && text.starts_with(char::is_uppercase) && text.matches(' ').count() > 3
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

    fn said(source: &str) -> Vec<Sentence> {
        let file = syn::parse_file(source).unwrap();
        let told = told_in(&file).into_iter();
        told.flat_map(|told| told.sentences).collect()
    }

    fn sentence(variant: &str, happened: &str, to_do: &str) -> Sentence {
        Sentence {
            variant: variant.to_owned(),
            happened: happened.to_owned(),
            to_do: to_do.to_owned(),
        }
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
            sentence("Key", "The key is wrong.", "Enter another one."),
            sentence("Limited", "Wait {}.", ""),
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
                    [] => "It is denied to you. Ask an admin.".to_owned(),
                    scopes => format!("It lacks the scopes {scopes}. Add them."),
                }
            }"#;
        let expected = [
            sentence("Forbidden", "It is denied to you.", "Ask an admin."),
            sentence("Forbidden", "It lacks the scopes {scopes}.", "Add them."),
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
            sentence("", "This request did not come from us.", "Try again there."),
            sentence("", "A shift names {} and is left out.", "Look at it."),
        ];
        assert_eq!(said(source), expected);
    }

    #[test]
    fn a_row_says_what_happened_and_what_to_do() {
        let told = Told {
            name: "Problem".to_owned(),
            about: String::new(),
            sentences: vec![Sentence::of(
                "Key",
                "It is a | wrong key. Enter another one. Save.",
                &[],
            )],
        };
        let mut page = String::new();
        write_table(&mut page, &told).unwrap();
        let row = "| `Key` | It is a \\| wrong key. | Enter another one. Save. |\n";
        assert!(page.ends_with(row), "{page}");
    }

    #[test]
    fn what_a_sentence_lacks_is_in_the_documentation() {
        let source = r#"
            /// Why not.
            ///
            /// Remedy: look at the log.
            enum Problem {
                /// It was too slow.
                ///
                /// Remedy: wait, it is
                /// asked again.
                #[error("it did not answer")]
                Slow,
                #[error("it is lost")]
                Lost,
                /// Cause: The field is empty.
                #[error("Give it a name.")]
                Empty,
            }"#;
        let expected = [
            sentence("Slow", "it did not answer", "Wait, it is asked again."),
            sentence("Lost", "it is lost", "Look at the log."),
            sentence("Empty", "The field is empty.", "Give it a name."),
        ];
        assert_eq!(said(source), expected);
    }

    #[test]
    fn errors_for_the_log_part_at_a_semicolon() {
        let source = r#"
            enum Problem {
                #[error("{path} is damaged; take another one")]
                Damaged,
            }"#;
        let expected = [sentence("Damaged", "{path} is damaged", "take another one")];
        assert_eq!(said(source), expected);
    }
}
