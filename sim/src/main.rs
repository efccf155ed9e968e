//! The command line of leasehold.
//!
//! Exit status: 0 every verdict as expected; 1 a check or expectation failed; 2 the request was wrong, and nothing ran; 3 a run was
//! not deterministic, or a replay not the same run; 4 a run was vacuous; 5 a gate had no time for all of its runs; 70 a fault of the harness
//! itself; 130 interrupted. Of several: 130, 70, 3, 1, 5, 4.

mod cli;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use cli::{Stop, give_up};
use leasehold_sim::report::Status;
use leasehold_sim::scenario::Engine;
use std::panic::catch_unwind;
use std::process::ExitCode;

/// Does the lease fast path hold, and is it ever wrong?
///
/// Runs a whole Raft key-value stack in a seeded simulated world, injects what scenario scripts say, and checks that no read is
/// stale and that reads are served from the lease.
#[derive(Parser)]
#[command(name = "leasehold", version, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str =
    "Exit status: 0 all as expected; 1 a check or expectation failed; 2 the request was wrong, nothing ran;
3 not deterministic, or a replay that is not the same run; 4 vacuous; 5 no time for all runs of a gate; 70 a fault of the harness itself;
130 interrupted. Of several: 130, 70, 3, 1, 5, 4.";

#[derive(Subcommand)]
enum Command {
    /// Run scenarios and judge them.
    Run(cli::run::RunArgs),
    /// Tell what a scenario does, in English and as a timeline; nothing runs.
    Explain {
        /// File, name or folder
        scenario: String,
        /// Behaviour of the stack [default: what the file says]
        #[arg(long, value_name = "V")]
        variant: Option<String>,
        /// Raft implementation [default: what the file says]
        #[arg(long, value_name = "E")]
        engine: Option<Engine>,
        /// Of a scenario with `[chaos]`: what this seed draws
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// Refuse a scenario that has warnings
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Write down what a seed draws as a scenario file, which gives the same history.
    Freeze(cli::freeze::FreezeArgs),
    /// Run a bundle's run again, from the bundle alone, and say whether it is the same.
    Replay(cli::replay::ReplayArgs),
    /// Two runs beside each other: the first difference, and the first that matters.
    Diff(cli::diff::DiffArgs),
    /// Look for the smallest scenario that fails in the same way, as a file that a person could have written.
    Minimize(cli::minimize::MinimizeArgs),
    /// List what there is.
    List(cli::list::ListArgs),
    /// Run the same seeds again in other ways: the same histories, or the first event that differs.
    Verify(cli::verify::VerifyArgs),
    /// The runs that a change has to pass: what failed in a new way, what is known, which figures moved, what there was no time for.
    Gate(cli::gate::GateArgs),
    /// How far from unsafe: the least drift, delay or pause found that makes a stale read possible, beside what is claimed.
    Margin(cli::margin::MarginArgs),
    /// Plant bugs, and see which check finds each, in which scenario, after how many seeds.
    Matrix(cli::matrix::MatrixArgs),
    /// What scenarios meet, and in which situations of a node: what nobody meets no check can judge.
    Coverage(cli::coverage::CoverageArgs),
    /// Print the JSON Schema of scenario files, as it is kept in scenarios/scenario.schema.json.
    Schema,
    /// Print what a shell has to know to complete command lines: `source <(leasehold completions bash)`.
    Completions { shell: Shell },
    /// Print a run's events and its fingerprint.
    #[command(hide = true)]
    Events(cli::events::EventsArgs),
    /// Spoil scenario files and see that each is refused or runs.
    Fuzz(cli::fuzz::FuzzArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = catch_unwind(|| match cli.command {
        Command::Run(args) => cli::run::run(&args),
        Command::Explain { scenario, variant, engine, seed, deny_warnings } => {
            cli::explain::explain(scenario, variant, engine, seed, deny_warnings)
        }
        Command::Freeze(args) => cli::freeze::freeze(&args),
        Command::Replay(args) => cli::replay::replay(&args),
        Command::Diff(args) => cli::diff::diff(&args),
        Command::Minimize(args) => cli::minimize::minimize(&args),
        Command::List(args) => cli::list::list(&args),
        Command::Verify(args) => cli::verify::verify(&args),
        Command::Gate(args) => cli::gate::gate(&args),
        Command::Margin(args) => cli::margin::margins(&args),
        Command::Matrix(args) => cli::matrix::matrix(&args),
        Command::Coverage(args) => cli::coverage::coverage(&args),
        Command::Schema => cli::schema::schema(),
        Command::Completions { shell } => cli::completions::completions(shell, &mut Cli::command()),
        Command::Events(args) => cli::events::events(&args),
        Command::Fuzz(args) => cli::fuzz::fuzz(&args),
    });
    match done {
        Ok(Ok(status)) => ExitCode::from(status.code()),
        Ok(Err(Stop::Refused(words))) => {
            eprintln!("{words}");
            ExitCode::from(2)
        }
        Ok(Err(Stop::Io(error))) => give_up(&error),
        // The panic has been printed where it happened.
        Err(_) => ExitCode::from(Status::Harness.code()),
    }
}
