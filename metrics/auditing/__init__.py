"""The second opinion: everything summed again by SQL, compared with what is stored, and nothing written."""
