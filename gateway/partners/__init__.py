"""Partners as the gateway knows them: who they are, how to reach them, how to call them safely."""
