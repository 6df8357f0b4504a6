"""What one process is put together from: partners to call, a catalogue, and the enrolments."""
