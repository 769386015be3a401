//! A panic is a mistake of this program: it says so, and ends with the exit code that is documented for that.
//!
//! Nothing is caught or unwound. What tests have started ends with this process however that ends, results that were told are kept, and
//! the terminal is put back. What is put back otherwise only as a value is dropped is not: a folder in the system's place for temporary
//! files may be left.

use std::panic;
use std::process;

use crate::exit::Exit;

const PLEASE: &str = "error: this should not happen: please report it, with what is written above and the command";

/// Has a panic of any thread end the process.
pub(crate) fn end_the_process() {
    let show = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        crate::asked::give_terminal_back();
        show(panic);
        crate::progress::note(PLEASE);
        process::exit(Exit::Internal as i32);
    }));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Set in the process of its own in which the test panics.
    const PANICS: &str = "XTASK_TEST_PANICS";

    #[test]
    fn a_panic_of_a_thread_ends_with_the_code_for_it() {
        if std::env::var_os(PANICS).is_some() {
            end_the_process();
            let _ = std::thread::spawn(|| panic!("an index of 7")).join();
            return;
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        let name = "panics::tests::a_panic_of_a_thread_ends_with_the_code_for_it";
        let ended = command.args(["--exact", name, "--nocapture"]).env(PANICS, "1").output().unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(70), "{told}");
        assert!(told.contains("panics.rs") && told.contains("an index of 7") && told.contains(PLEASE), "{told}");
    }
}
