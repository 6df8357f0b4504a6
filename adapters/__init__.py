"""How each partner says it.  Every file is the kit, every folder is a partner."""
