//! Constants of the standard library.

use std::rc::Rc;

use super::super::value::Value;

/// The value of a constant, by its dotted name.
pub(in crate::eval) fn constant(path: &Rc<str>) -> Option<Value> {
    let text = |text: &str| Some(Value::str(text));
    match &**path {
        "sys.platform" => text("linux"),
        "sys.maxsize" => Some(Value::int(i64::MAX)),
        "sys.byteorder" => text("little"),
        "sys.implementation.name" => text("cpython"),
        "sys.maxunicode" => Some(Value::int(0x10_ffff)),
        "pickle.HIGHEST_PROTOCOL" => Some(Value::int(5)),
        "ssl.HAS_ALPN" | "ssl.HAS_SNI" | "ssl.HAS_TLSv1_2" | "ssl.HAS_TLSv1_3" | "socket.has_ipv6" => {
            Some(Value::Bool(true))
        }
        "os.name" => text("posix"),
        "os.sep" | "os.path.sep" => text("/"),
        "os.pathsep" => text(":"),
        "os.linesep" => text("\n"),
        "os.curdir" => text("."),
        "os.devnull" => text("/dev/null"),
        "math.pi" => Some(Value::Float(std::f64::consts::PI)),
        "math.e" => Some(Value::Float(std::f64::consts::E)),
        "math.tau" => Some(Value::Float(std::f64::consts::TAU)),
        "math.inf" | "numpy.inf" | "torch.inf" => Some(Value::Float(f64::INFINITY)),
        "math.nan" | "numpy.nan" | "torch.nan" => Some(Value::Float(f64::NAN)),
        "string.ascii_lowercase" => text("abcdefghijklmnopqrstuvwxyz"),
        "string.ascii_uppercase" => text("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "string.ascii_letters" => text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        "string.digits" => text("0123456789"),
        "string.hexdigits" => text("0123456789abcdefABCDEF"),
        "string.octdigits" => text("01234567"),
        "string.punctuation" => text("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
        "string.whitespace" => text(" \t\n\r\x0b\x0c"),
        "logging.NOTSET" => Some(Value::int(0)),
        "logging.DEBUG" => Some(Value::int(10)),
        "logging.INFO" => Some(Value::int(20)),
        "logging.WARNING" | "logging.WARN" => Some(Value::int(30)),
        "logging.ERROR" => Some(Value::int(40)),
        "logging.CRITICAL" | "logging.FATAL" => Some(Value::int(50)),
        _ => None,
    }
}
