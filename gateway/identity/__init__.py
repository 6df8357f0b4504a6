"""Who is asking: what a bearer token proves, whoever made it.

Tokens come from three places: the development issuer (in development alone), an OpenID
provider, and ourselves, as partners' API keys.  `verifier` is the one door; each place has a
module of its own.
"""
