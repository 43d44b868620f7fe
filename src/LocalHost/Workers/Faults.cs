using LocalHost.Protocol;

namespace LocalHost.Workers;

/// <summary>The worker ended while it was needed.</summary>
internal sealed class WorkerEndedException(string message) : Exception(message);

/// <summary>A function failed; the message is the worker's.</summary>
internal sealed class FunctionFault(Fault? fault, string status) : Exception(fault is null ? status : Describe(fault))
{
    /// <summary>Type, message and stack trace, as the worker tells them.</summary>
    public static string Describe(Fault fault)
    {
        var type = fault.Type.Length == 0 || fault.Message.StartsWith(fault.Type, StringComparison.Ordinal) ? "" : $"{fault.Type}: ";
        return fault.StackTrace.Length == 0 ? $"{type}{fault.Message}" : $"{type}{fault.Message}{Environment.NewLine}{fault.StackTrace}";
    }
}
