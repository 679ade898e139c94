"""The site's sshds: the management host's and one a node, each with its own address and host key."""
