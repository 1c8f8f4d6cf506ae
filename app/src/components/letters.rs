//! What letters are, and what they are in upper and in lower case. The browser knows
//! that by itself; the tables of Rust would have to be loaded.

#[cfg(feature = "hydrate")]
pub(crate) use in_browser::{is_alphanumeric, lowercase, uppercase};
#[cfg(not(feature = "hydrate"))]
pub(crate) use on_server::{is_alphanumeric, lowercase, uppercase};

#[cfg(feature = "hydrate")]
mod in_browser {
    use js_sys::{JsString, RegExp};

    pub(crate) fn is_alphanumeric(char: char) -> bool {
        if char.is_ascii() {
            return char.is_ascii_alphanumeric();
        }
        RegExp::new(r"[\p{Alphabetic}\p{N}]", "u").test(char.encode_utf8(&mut [0; 4]))
    }

    pub(crate) fn lowercase(text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    pub(crate) fn uppercase(text: &str) -> String {
        JsString::from(text).to_upper_case().into()
    }
}

#[cfg(not(feature = "hydrate"))]
mod on_server {
    pub(crate) fn is_alphanumeric(char: char) -> bool {
        char.is_alphanumeric()
    }

    pub(crate) fn lowercase(text: &str) -> String {
        text.to_lowercase()
    }

    pub(crate) fn uppercase(text: &str) -> String {
        text.to_uppercase()
    }
}
