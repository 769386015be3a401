//! Findings, plans and results as text, JSON and JUnit XML
