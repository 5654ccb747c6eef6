resource "terraform_data" "site" { input = "http://insecure.example" }
check "uses_tls" {
  assert {
    condition     = startswith(terraform_data.site.input, "https://")
    error_message = "The site is served without TLS."
  }
}
