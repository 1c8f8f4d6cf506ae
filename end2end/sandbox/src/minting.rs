//! Random codes, tokens and request ids. They only have to be unguessable enough that a test cannot pass
//! by chance, but a real generator costs nothing.

use std::fmt::Write;

pub fn hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    // Without randomness from the system nothing here can go on sensibly.
    getrandom::fill(&mut random).expect("the operating system gives random bytes");
    random.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
