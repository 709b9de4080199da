//! From a component to machine code: in a child process whose memory and time the system bounds, or right here.
//!
//! What a component asks of the compiler cannot be bounded from inside, and a defect that it runs into would be the server's. The child
//! answers with a byte that says it is ready, so that a child which never came to its work is not taken for a component that is at fault;
//! then with a byte that says what follows: machine code, why there is none, or how large it would be.

use crate::refusal::{LoadError, Refusal};
use crate::runtime::compiling;
use posthouse_child::{Child, End, Limits, held, start};
use posthouse_domain::{Words, words};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use wasmtime::component::Component;

/// A program that compiles in a process of its own: it is run with the words `confined component …`, and has to call
/// [`compile_confined`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildCompiler {
    /// The program.
    pub program: PathBuf,
    /// What the process may use. Time beyond that of the processor is the machine's fault, not the component's.
    pub limits: Limits,
    /// Bytes of machine code that one component may come to.
    pub code_bytes: u64,
}

/// Where components are compiled.
#[derive(Debug)]
pub(crate) enum Compiler {
    Child(ChildCompiler),
    /// On these threads, for whoever has no program to start: tests.
    Here(rayon::ThreadPool),
}

const READY: u8 = b'+';
const CODE: u8 = b'c';
const REJECTED: u8 = b'r';
const TOO_MUCH_CODE: u8 = b'm';
/// Most that is read of why a component does not compile.
const REASON: u64 = 4096;

/// The child's side: compiles the component that `input` has. The process is confined before.
///
/// # Errors
/// What cannot be read or written, and an engine that cannot be made.
pub fn compile_confined(mut input: impl Read, mut output: impl Write, code_bytes: u64) -> io::Result<()> {
    let engine = wasmtime::Engine::new(compiling().parallel_compilation(false)).map_err(io::Error::other)?;
    output.write_all(&[READY])?;
    output.flush()?;
    let mut component = Vec::new();
    input.read_to_end(&mut component)?;
    match engine.precompile_component(&component) {
        Ok(code) if code.len() as u64 > code_bytes => output.write_all(&[TOO_MUCH_CODE])?,
        Ok(code) => {
            output.write_all(&[CODE])?;
            output.write_all(&(code.len() as u64).to_le_bytes())?;
            output.write_all(&code)?;
        }
        Err(error) => {
            output.write_all(&[REJECTED])?;
            output.write_all(format!("{error:#}").as_bytes())?;
        }
    }
    output.flush()
}

impl Compiler {
    /// Compiles a component that has been inspected.
    pub(crate) fn compile(
        &self,
        engine: &wasmtime::Engine,
        digest: &str,
        bytes: &[u8],
    ) -> Result<Component, LoadError> {
        match self {
            Self::Here(threads) => threads
                .install(|| Component::from_binary(engine, bytes))
                .map_err(|error| rejected(&format!("{error:#}")).into()),
            Self::Child(child) => child.compile(engine, digest, bytes),
        }
    }
}

/// What a child came to.
enum Answer {
    Code(Vec<u8>),
    Rejected(String),
    TooMuchCode,
}

impl ChildCompiler {
    fn compile(&self, engine: &wasmtime::Engine, digest: &str, bytes: &[u8]) -> Result<Component, LoadError> {
        let mut child = self
            .start(bytes)
            .map_err(|error| no_compiler(digest, &error.to_string()))?;
        let mut ready = [0];
        if child.read_exact(&mut ready).is_err() || ready != [READY] {
            return Err(no_compiler(digest, &ended(child)));
        }
        match self.answer(&mut child) {
            Ok(Answer::Code(code)) => machine_code(engine, digest, &code),
            Ok(Answer::Rejected(reason)) => Err(rejected(&reason).into()),
            Ok(Answer::TooMuchCode) => {
                let most = self.code_bytes;
                Err(too_costly(&words!("{most} bytes of machine code", "机器码 {most} 字节")).into())
            }
            Err(_) => Err(self.gave_up(digest, child)),
        }
    }

    fn start(&self, bytes: &[u8]) -> io::Result<Child> {
        let mut words: Vec<OsString> = ["confined", "component"].map(Into::into).into();
        for (word, value) in [
            ("--memory-bytes", self.limits.memory_bytes),
            ("--cpu-seconds", self.limits.cpu_seconds),
            ("--code-bytes", self.code_bytes),
        ] {
            words.push(word.into());
            words.push(value.to_string().into());
        }
        start(&self.program, words, held(bytes)?, &self.limits)
    }

    fn answer(&self, child: &mut Child) -> io::Result<Answer> {
        let mut kind = [0];
        child.read_exact(&mut kind)?;
        match kind {
            [CODE] => {
                let mut length = [0; 8];
                child.read_exact(&mut length)?;
                let length = u64::from_le_bytes(length);
                if length > self.code_bytes {
                    return Ok(Answer::TooMuchCode);
                }
                let mut code = Vec::new();
                child.take(length).read_to_end(&mut code)?;
                if (code.len() as u64) < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(Answer::Code(code))
            }
            [REJECTED] => {
                let mut reason = Vec::new();
                child.take(REASON).read_to_end(&mut reason)?;
                Ok(Answer::Rejected(String::from_utf8_lossy(&reason).into_owned()))
            }
            [TOO_MUCH_CODE] => Ok(Answer::TooMuchCode),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Why a child that had begun gave no answer.
    fn gave_up(&self, digest: &str, child: Child) -> LoadError {
        let (memory, cpu) = (self.limits.memory_bytes >> 20, self.limits.cpu_seconds);
        match child.end() {
            Ok(End::Memory) => too_costly(&words!("{memory} MiB of memory", "内存 {memory} MiB")).into(),
            Ok(End::Processor) => too_costly(&words!("{cpu} s of processor time", "处理器时间 {cpu} 秒")).into(),
            Ok(End::Silence) => {
                let waited = self.limits.silence_seconds;
                no_compiler(
                    digest,
                    &format!("no answer within {waited} s, although it had processor time left"),
                )
            }
            Ok(End::Failed(how)) => broke_down(digest, &how).into(),
            Ok(End::Done) => broke_down(digest, "it ended without an answer").into(),
            Err(error) => no_compiler(digest, &error.to_string()),
        }
    }
}

/// How a child ended that had not begun.
fn ended(child: Child) -> String {
    match child.end() {
        Ok(End::Failed(how)) => how,
        Ok(end) => format!("the child ended before it began: {end:?}"),
        Err(error) => error.to_string(),
    }
}

#[allow(
    unsafe_code,
    reason = "deserialize runs what it is given as machine code; the proof is at the call"
)]
fn machine_code(engine: &wasmtime::Engine, digest: &str, code: &[u8]) -> Result<Component, LoadError> {
    // SAFETY: `deserialize` needs bytes that `serialize` or `precompile_component` made, unchanged. They come through a pipe that only
    // the child holds, from this same program, which wrote what `precompile_component` returned, whole: its length came before it. Version
    // and settings of the compiler stand in their header, which `deserialize` checks. What is trusted is that Cranelift compiles hostile
    // WebAssembly rightly, as it was when it did so in this process: whoever made it write other code would be in the server either way.
    match unsafe { Component::deserialize(engine, code) } {
        Ok(component) => Ok(component),
        Err(error) => Err(no_compiler(
            digest,
            &format!("its machine code does not fit: {error:#}"),
        )),
    }
}

fn rejected(reason: &str) -> Refusal {
    let reason = crate::text::printable(reason, 1000);
    Refusal::new(
        "does_not_compile",
        words!(
            "the component does not fit the sandbox: {reason}",
            "组件不符合沙箱的要求：{reason}"
        ),
    )
}

/// The compiler itself is at fault, and what it was given is refused all the same.
fn broke_down(digest: &str, how: &str) -> Refusal {
    tracing::error!(digest, how, "the compiler broke down over a component");
    let how = crate::text::printable(how, 300);
    Refusal::new(
        "does_not_compile",
        words!(
            "the compiler broke down over this component ({how}); change the part that is unusual, and report it with the digest {digest}",
            "编译器在处理该组件时出错（{how}）；请改动其中不寻常的部分，并附上摘要 {digest} 反馈问题"
        ),
    )
}

fn too_costly(what: &Words) -> Refusal {
    Refusal::new(
        "too_costly_to_compile",
        words!(
            "compiling the component takes more than {what}, which is what one may use; make functions shorter, and leave out what is not used",
            "编译该组件需要的资源超过上限（{what}）；请缩短函数，并去掉用不到的内容"
        ),
    )
}

/// Nothing was found wrong with the component.
fn no_compiler(digest: &str, why: &str) -> LoadError {
    tracing::error!(digest, why, "a component cannot be compiled on this host");
    LoadError::NoCompiler
}
