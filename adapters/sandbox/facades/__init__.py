"""One module per sandbox partner, each speaking that partner's wire format."""
