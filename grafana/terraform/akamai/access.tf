# Who may come in. The same file stands in the folder of each provider; a test compares.

variable "ssh_public_keys" {
  description = "Public keys of the administrators, who log in as ragmeter."
  type        = list(string)

  validation {
    condition     = length(var.ssh_public_keys) > 0 && alltrue([for key in var.ssh_public_keys : can(regex("^(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?$", key))])
    error_message = "At least one key; each is a line such as ssh-ed25519 AAAA… name@host."
  }
}

variable "https_from" {
  description = "IPv4 networks that reach Grafana and remote write: those of the administrators and of the clusters. None by default."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for network in var.https_from : can(cidrnetmask(network)) && !endswith(network, "/0")])
    error_message = "Each entry is an IPv4 network such as 203.0.113.0/24; the whole internet is none."
  }
}

variable "ssh_from" {
  description = "IPv4 networks that reach SSH: those of the administrators. None by default."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for network in var.ssh_from : can(cidrnetmask(network)) && !endswith(network, "/0")])
    error_message = "Each entry is an IPv4 network such as 203.0.113.0/24; the whole internet is none."
  }
}

variable "monitoring_host" {
  description = "Name or address that browsers and clusters use. The machine's own first address by default."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9.-]*$", var.monitoring_host))
    error_message = "A host name or an IPv4 address, without a scheme and a port."
  }
}

locals {
  rules = {
    https = { port = 443, from = var.https_from }
    ssh   = { port = 22, from = var.ssh_from }
  }

  # One for each network, by a name that every provider's firewall takes.
  admitted = merge([
    for name, rule in local.rules : {
      for network in rule.from : "${name}-${replace(network, "/[./]/", "-")}" => { port = rule.port, network = network }
    }
  ]...)

  cloud_init = templatefile("${path.module}/../cloud-init.yaml.tftpl", {
    ssh_public_keys = var.ssh_public_keys
    monitoring_host = var.monitoring_host
  })
}
