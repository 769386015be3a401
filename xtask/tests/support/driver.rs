//! A driver for fake engines: it gives memory of GPUs to who asks over a socket, writes down for the fake NVML who has it, and takes it back
//! when the connection ends, however the process did. It looks at each allocation as it is made, so that nothing is missed
//! between two looks.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) struct Driver {
    cards: Arc<Cards>,
    socket: PathBuf,
}

struct Cards {
    folder: PathBuf,
    state: Mutex<State>,
}

/// What was given out, in MiB.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) memory: Vec<u64>,
    pub(crate) used: Vec<u64>,
    /// How many allocations were made, and how many while somebody else had memory of the card.
    pub(crate) given: usize,
    pub(crate) shared: usize,
    /// How many began while the driver still had the memory of who is gone on some card.
    pub(crate) while_lingering: usize,
    lingering: usize,
    tenants: Vec<usize>,
    /// Allocations for which there was no room.
    pub(crate) refused: Vec<String>,
}

#[derive(Debug)]
struct Request {
    device: usize,
    mib: u64,
    /// For how long the memory is taken when the process is gone.
    linger: Duration,
    process: u32,
}

impl Request {
    /// Four numbers: the device, MiB, seconds, the process.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (device, mib) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let linger = Duration::from_secs_f64(words.next()?.parse().ok()?);
        Some(Self { device, mib, linger, process: words.next()?.parse().ok()? })
    }
}

impl Driver {
    /// Of cards with so much memory each, in MiB. `folder` is for its socket and for what the fake NVML reads.
    pub(crate) fn new(folder: &Path, memory: &[u64]) -> Self {
        let allocations = folder.join("allocations");
        fs::create_dir(&allocations).unwrap();
        let socket = folder.join("driver");
        let listener = UnixListener::bind(&socket).unwrap();
        let zeros = vec![0; memory.len()];
        let state = State { memory: memory.to_vec(), used: zeros, tenants: vec![0; memory.len()], ..State::default() };
        let cards = Arc::new(Cards { folder: allocations, state: Mutex::new(state) });
        let shared = Arc::clone(&cards);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let Ok(connection) = connection else { break };
                let cards = Arc::clone(&shared);
                std::thread::spawn(move || cards.serve(connection));
            }
        });
        Self { cards, socket }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn allocations(&self) -> &Path {
        &self.cards.folder
    }

    pub(crate) fn state(&self) -> State {
        self.cards.state.lock().unwrap().clone()
    }
}

impl Cards {
    fn serve(&self, connection: UnixStream) {
        let mut reader = BufReader::new(connection.try_clone().unwrap());
        let mut line = String::new();
        // A process may be ended while it asks.
        if reader.read_line(&mut line).is_err() {
            return;
        }
        let Some(request) = Request::parse(&line) else { return };
        let Some(file) = self.give(&request) else {
            let _ = (&connection).write_all(b"0");
            return;
        };
        let _ = (&connection).write_all(b"1");
        let _ = reader.read_to_end(&mut Vec::new());
        self.state.lock().unwrap().lingering += 1;
        std::thread::sleep(request.linger);
        let mut state = self.state.lock().unwrap();
        state.lingering -= 1;
        state.used[request.device] -= request.mib;
        state.tenants[request.device] -= 1;
        // Behind the sum, so that NVML never shows more room than there is.
        fs::remove_file(file).unwrap();
    }

    /// The file that says who has it; `None` where there is no room.
    fn give(&self, request: &Request) -> Option<PathBuf> {
        let mut state = self.state.lock().unwrap();
        let device = request.device;
        let used = state.used[device] + request.mib;
        if used > state.memory[device] {
            let refused = format!("{request:?} with {} of {} MiB taken", state.used[device], state.memory[device]);
            state.refused.push(refused);
            return None;
        }
        state.given += 1;
        state.shared += usize::from(state.tenants[device] > 0);
        state.while_lingering += usize::from(state.lingering > 0);
        let file = self.folder.join(format!("{}.{}", std::process::id(), state.given));
        let text = serde_json::json!({ "device": device, "used_mib": request.mib, "process": request.process });
        let new = self.folder.join(format!("new-{}", state.given));
        fs::write(&new, text.to_string()).unwrap();
        fs::rename(&new, &file).unwrap();
        state.used[device] = used;
        state.tenants[device] += 1;
        Some(file)
    }
}
