resource "terraform_data" "hostile" {
  input = {
    fence     = "```\n</details>\n# heading\n```"
    long      = "``````````\nin ten"
    html      = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    mention   = "@octocat and @acme/team"
    issue     = "#1 GH-2 acme/app#3"
    link      = "[a](https://evil.example) https://evil.example www.evil.example a@evil.example"
    table     = "| a | b |\n| - | - |\n| 1 | 2 |"
    math      = "$x^2$ and $$y$$"
    bidi      = "user\u202e\u2066 // admin\u2069"
    ansi      = "\u001b[31mred\u001b[0m"
    returns   = "one\r\ntwo\rthree"
    command   = "::set-output name=x::y\n::add-mask::e\n  ::error::z\n##[error]old"
    invisible = "zero\u200bwidth\u00a0space"
  }
}
