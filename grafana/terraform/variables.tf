variable "subnet_id" {
  description = "Subnet of the machine."
  type        = string
}

variable "ssh_key_name" {
  description = "Key pair of the administrators, known to the cloud already."
  type        = string
}

variable "https_from" {
  description = "IPv4 networks that reach Grafana and remote write. None by default."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for network in var.https_from : can(cidrnetmask(network)) && !endswith(network, "/0")])
    error_message = "Each entry is an IPv4 network such as 203.0.113.0/24; the whole internet is none."
  }
}

variable "ssh_from" {
  description = "IPv4 networks that reach SSH. None by default."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for network in var.ssh_from : can(cidrnetmask(network)) && !endswith(network, "/0")])
    error_message = "Each entry is an IPv4 network such as 203.0.113.0/24; the whole internet is none."
  }
}

variable "instance_type" {
  description = "Type of the machine."
  type        = string
  default     = "t3.medium"
}

variable "disk_gib" {
  description = "Disk, of which Prometheus takes at most 20 GB."
  type        = number
  default     = 40
}
