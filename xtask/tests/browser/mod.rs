//! A page in a real browser, asked through its driver: WebDriver's own protocol is HTTP with JSON.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

/// How a browser starts that runs without a display, asks nothing of the network and leaves nothing behind.
const FLAGS: [&str; 9] = [
    "--headless",
    // A test may run as root, in a container without the privileges that the sandbox takes.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// A browser with one page. It ends with this value.
pub(crate) struct Page {
    driver: Child,
    agent: Agent,
    session: String,
    _profile: TempDir,
}

impl Page {
    /// Starts a browser of its own.
    pub(crate) fn start() -> Self {
        let found = oracle::browser();
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new(&found.driver);
        let mut driver = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let port = port(&mut driver);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(120)))
            .proxy(None)
            .build();
        let driver_at = format!("http://127.0.0.1:{port}/session");
        let mut page = Self { driver, agent: Agent::new_with_config(config), session: driver_at, _profile: profile };
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", page._profile.path().display()));
        let answer = page.post(
            "",
            &json!({"capabilities": {"alwaysMatch": {
                "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {"binary": found.browser, "args": flags},
            }}}),
        );
        page.session = format!("{}/{}", page.session, answer["sessionId"].as_str().unwrap());
        // What opens is filled by an event, which comes when the browser has time.
        page.post("/timeouts", &json!({"implicit": 10_000}));
        page.size(1280, 900);
        // As if the window were the one in front: to a browser in the background nothing has the focus.
        page.devtools("Emulation.setFocusEmulationEnabled", &json!({"enabled": true}));
        page
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        let mut response = self.agent.post(format!("{}{command}", self.session)).send_json(body).unwrap();
        let mut answer: Value = response.body_mut().read_json().unwrap();
        assert!(response.status().is_success(), "{command} {body}: {answer}");
        answer["value"].take()
    }

    /// Opens a file, with what stands behind `#`, anew.
    pub(crate) fn open(&self, file: &Path, fragment: &str) {
        self.post("/url", &json!({"url": "about:blank"}));
        self.post("/url", &json!({"url": format!("{}#{fragment}", oracle::address(file))}));
        let until = Instant::now() + Duration::from_secs(20);
        while self.js("return document.getElementById('title').dataset.ready") != "true" {
            assert!(Instant::now() < until, "{:?}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a script returns.
    pub(crate) fn js(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The text of the first element of a selector.
    pub(crate) fn text(&self, selector: &str) -> String {
        self.text_of(&self.element(selector))
    }

    fn text_of(&self, element: &str) -> String {
        let mut response = self.agent.get(format!("{}/element/{element}/text", self.session)).call().unwrap();
        let answer: Value = response.body_mut().read_json().unwrap();
        answer["value"].as_str().unwrap().to_owned()
    }

    fn element(&self, selector: &str) -> String {
        let answer = self.post("/element", &json!({"using": "css selector", "value": selector}));
        answer.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    /// Clicks as a reader does: what is covered by something else cannot be clicked.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.js(&format!("document.querySelector({selector:?}).scrollIntoView({{block: 'center'}})"));
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into an element. Keys without a character have the numbers that WebDriver gives them.
    pub(crate) fn keys(&self, selector: &str, text: &str) {
        self.post(&format!("/element/{}/value", self.element(selector)), &json!({"text": text}));
    }

    /// The size of the window's content.
    pub(crate) fn size(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// `light` or `dark`.
    pub(crate) fn scheme(&self, scheme: &str) {
        let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", &json!({"features": feature}));
    }

    /// `print`, or nothing for the screen.
    pub(crate) fn media(&self, media: &str) {
        self.devtools("Emulation.setEmulatedMedia", &json!({"media": media}));
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}));
    }

    /// Goes back in the history.
    pub(crate) fn back(&self) {
        self.post("/back", &json!({}));
    }

    /// What the console has got since it was asked last.
    pub(crate) fn log(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({"type": "browser"}));
        entries.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // The driver ends its browser; where that fails, ending the driver does.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The port that the driver says it listens on.
fn port(driver: &mut Child) -> u16 {
    let stdout = BufReader::new(driver.stdout.take().unwrap());
    let mut lines = stdout.lines().map(|line| line.unwrap());
    let port = lines.find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
    port.expect("chromedriver says which port it listens on")
}
