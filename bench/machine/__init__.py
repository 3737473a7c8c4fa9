"""What a run knows about its machine: cores, processor, memory, GPUs, precision, data sheets."""
