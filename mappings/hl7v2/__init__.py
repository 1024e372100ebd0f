"""HL7 v2 (ER7): bytes to segments, segments to proposals, and what is answered. See hl7v2-mapping.md."""
