//! The program, built beside its end-to-end tests.

fn main() -> std::process::ExitCode {
    tenure::main()
}
