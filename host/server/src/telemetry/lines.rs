//! Log lines on their way to standard error. One that is not taken is dropped and counted: a server does not end because its log cannot be
//! written, on a full disk or when nobody reads it any more.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the last line that was begun is not at its end.
static TORN: AtomicBool = AtomicBool::new(false);

/// Takes lines and never fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if put(&mut io::stderr().lock(), line, &TORN).is_err() {
            metrics::counter!("posthouse_log_lines_dropped_total").increment(1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a line, on a line of its own if the one before was broken off.
fn put(to: &mut impl Write, line: &[u8], torn: &AtomicBool) -> io::Result<()> {
    if torn.load(Ordering::Relaxed) {
        to.write_all(b"\n")?;
        torn.store(false, Ordering::Relaxed);
    }
    let mut rest = line;
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(taken) => {
                rest = &rest[taken..];
                torn.store(!rest.is_empty(), Ordering::Relaxed);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with so much room.
    struct Small {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.room - self.bytes.len());
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_has_no_room_is_dropped_and_lines_stay_lines() {
        let torn = AtomicBool::new(false);
        let mut file = Small {
            bytes: Vec::new(),
            room: 9,
        };
        put(&mut file, b"first\n", &torn).unwrap();
        put(&mut file, b"second\n", &torn).unwrap_err();
        put(&mut file, b"third\n", &torn).unwrap_err();
        file.room = 100;
        put(&mut file, b"fourth\n", &torn).unwrap();
        assert_eq!(String::from_utf8(file.bytes).unwrap(), "first\nsec\nfourth\n");
    }
}
