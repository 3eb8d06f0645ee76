use std::process::ExitCode;

use anyhow::Result;
use dandelion_hub::{Hub, check};

/// Looks at everything and says how it stands; exit code 1 if anything is broken.
pub async fn run(hub: &Hub) -> Result<ExitCode> {
    let findings = check::run(hub).await?;
    for finding in &findings {
        println!("{:<7} {}: {}", if finding.ok { "ok" } else { "BROKEN" }, finding.what, finding.says);
    }
    let broken = findings.iter().filter(|finding| !finding.ok).count();
    if broken == 0 {
        println!("everything holds");
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{broken} broken; restore the newest backup from before the first broken line, or ask for help with this output"
    );
    Ok(ExitCode::from(1))
}
