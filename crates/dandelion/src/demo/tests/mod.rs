mod history;
mod life;
mod sample;
