mod chain;
mod history;
mod life;
mod sample;
