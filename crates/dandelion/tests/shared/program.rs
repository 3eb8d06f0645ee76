//! The program as it runs for people, with its whole log in a file, and a folder that goes with the test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The running program.
pub struct Program(Child);

impl Program {
    /// Serves `data` on a port of loopback; everything it says, in all detail, stands in `log`.
    pub fn serve(data: &Path, port: u16, log: &Path) -> Self {
        let to = fs::File::create(log).unwrap();
        let mut command = command(data);
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}")]).env("DANDELION_LOG", "trace");
        command.stdout(to.try_clone().unwrap()).stderr(to);
        Self(command.spawn().unwrap())
    }

    /// It finishes what is under way and ends.
    pub fn stop(&mut self) {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
        self.0.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A command of the program, which may reach this machine.
pub fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dandelion"));
    command.env("DANDELION_DATA_DIR", data).env("DANDELION_ALLOW_PRIVATE", "127.0.0.1").stdin(Stdio::null());
    command
}

/// A folder of this test alone.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether words stand there, as they are or as sign-ins write them.
pub fn carries(bytes: &[u8], words: &str) -> bool {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    // In base64 they read otherwise by where they begin: their middle, from each of three places.
    let encoded = (0..3).map(|at| {
        let text = STANDARD.encode([&b"xyz"[..at], words.as_bytes()].concat());
        text[4..text.len() - 4].to_owned()
    });
    has(words.as_bytes()) || encoded.into_iter().any(|text| has(text.as_bytes()))
}

/// What stands before and after them.
pub fn around(bytes: &[u8], words: &str) -> String {
    let at = bytes.windows(words.len()).position(|part| part == words.as_bytes()).unwrap_or(0);
    String::from_utf8_lossy(&bytes[at.saturating_sub(200)..bytes.len().min(at + 100)]).into_owned()
}
